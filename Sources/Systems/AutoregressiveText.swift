import Diffusion
import Glibc
import Media
import Networks
import Tensors

/// The thing that diffusion over sentences is held against, and the judge of what it says: a Transformer that says one token after the
/// other, with an encoder (Vaswani et al. 2017, arXiv 1706.03762) or as a language model (Liu et al. 2018, arXiv 1801.10198, section 4.2).
///
/// Sections: `condition` `none` or `class {classes}` for a decoder alone, `text` for an encoder and a decoder that makes a sentence of the
/// caption; `model {vocabulary, length, width, heads, encoder_depth, decoder_depth, positions}`, the vocabulary being that of a
/// byte-pair tokenizer made of the data's sentences; `sample` as `AutoregressiveDecoding` reads it.
public final class AutoregressiveTextSystem: Module, GenerativeSystem, LikelihoodSystem, ReadingSystem, DenoisingSystem {
    public static let name = "autoregressive-text"

    let network: Seq2SeqTransformer
    /// What a language model is told of each class.
    let classes: Embedding?
    public let classCount: Int
    private let text: TextForm
    private let source: SourceReader?
    private let decoding: AutoregressiveDecoding

    public init(_ section: Section, _ surroundings: Surroundings) throws {
        let condition = try section.section("condition")
        let kind = try condition.choice("kind", among: ["none", "class", "text"], default: "none")
        classCount = kind == "class" ? try condition.int("classes", in: 1...1_000_000) : 0
        let model = try section.section("model")
        let vocabulary = try model.int("vocabulary", default: 2048, in: 260...65_536)
        let tokenizer = try ModelTokenizer.make(vocabulary: vocabulary, surroundings)
        let c = try Seq2SeqConfiguration(
            model, vocabulary: max(vocabulary, tokenizer.vocabularySize), encodes: kind == "text")
        text = TextForm(tokenizer, length: c.length, end: ModelTokenizer.end)
        network = Seq2SeqTransformer(c)
        classes = classCount > 0 ? Embedding(classCount, width: c.width) : nil
        source = kind == "text" ? SourceReader(network, text) : nil
        decoding = try AutoregressiveDecoding(try section.section("sample"), text, vocabulary: c.vocabulary)
        super.init()
    }

    public var medium: Medium { .text }
    public var form: MediaForm { .text(text) }
    public var textReader: (any TextReader)? { source }
    public var sampling: SamplingDefaults {
        SamplingDefaults(sampler: decoding.method.rawValue, steps: text.length, guidance: 1)
    }

    // MARK: - Training

    public var module: Module { self }
    public var phases: [Phase] { [Phase(name: "network", parameters: parameters()) { batch, _ in self.loss(batch) }] }

    /// Cross entropy of every token given those before it, ends included. A sentence weighs as much as it has tokens, which makes the data
    /// likeliest as a whole; the sum is divided by the model's length, which no other sentence of the batch changes. Sums over
    /// examples: `bits` per token of a sentence.
    public func loss(_ batch: Batch) -> LossReport {
        let tokens = text.trimmed(tokens(of: batch))
        let nats = nats(of: tokens, batch)
        let rates = nats.detached() / text.mask(tokens).sum(1)
        return LossReport(loss: nats.mean() / Float(text.length), sums: ["bits": rates.sum() / Float(log(2.0))])
    }

    public static let isExact = true

    public func nats(_ batch: Batch) -> Tensor { withoutGradients { nats(of: tokens(of: batch), batch) } }

    private func tokens(of batch: Batch) -> Tokens {
        guard let media = batch.media else { fatalError("AutoregressiveTextSystem: it takes media") }
        return TextForm.tokens(media)
    }

    /// Of whole sentences, padding left out: `[B]`.
    private func nats(of tokens: Tokens, _ batch: Batch) -> Tensor {
        let asked = Tokens(tokens.values.map { $0 == text.padding ? -1 : $0 }, tokens.shape)
        let special = SpecialTokens(start: ModelTokenizer.start, ends: [text.end], padding: text.padding)
        let told = told(batch.count, captions: batch.captions, labels: batch.labels)
        return crossEntropy(network(special.shifted(asked), over: told.states, mask: told.mask), asked).sum(1)
    }

    /// What the decoder hears: states `[B, M, D]`, mask `[B, M]`.
    private func told(_ count: Int, captions: [String], labels: [Int]) -> (states: Tensor, mask: Tensor?) {
        if let source {
            let read = source.read(source.tokens(captions))
            return (read.states, read.mask)
        }
        return (added(count, labels), nil)
    }

    /// What is added to every token, nothing for a label that is no class: `[B, 1, D]`.
    private func added(_ count: Int, _ labels: [Int]) -> Tensor {
        guard let classes else { return .zeros([count, 1, network.configuration.width]) }
        let known = Tokens(labels.map { Int32(min($0, classCount - 1)) }, [count, 1])
        return classes(known) * Tensor(labels.map { $0 < classCount ? 1 : 0 }, [count, 1, 1])
    }

    // MARK: - Sampling

    public func sample(_ request: SampleRequest, deliver: (Sample) throws -> Void) throws {
        try request.refuse(
            [
                ("--steps", request.steps), ("--cfg-scale", request.guidance), ("--negative", request.negative),
                ("--eta", request.eta), ("--spacing", request.spacing), ("--init", request.start.map { _ in "a start" }),
                ("--candidates", request.candidates),
            ], of: "diffusion")
        try request.refuse([("--size", request.size), ("--seconds", request.seconds)], of: "pictures or sounds")
        for chunk in try SampleJob.list(request, hasText: source != nil, classes: classCount).chunks(of: request.batch) {
            let said = try withoutGradients {
                let told = told(chunk.count, captions: chunk.map { $0.prompt ?? "" }, labels: chunk.map { $0.label ?? 0 })
                return try decoding.said(
                    by: network, over: told.states, mask: told.mask, places: chunk.map(\.place), request)
            }
            for (job, line) in zip(chunk, text.texts(text.padded(said))) { try deliver(job.sample(text: line)) }
        }
    }

    // MARK: - Parts

    public var stateShape: [Int] { [text.length] }
    public var stateTokens: Int { network.vocabulary }
    public var contextWidth: Int { source?.width ?? 0 }

    /// Logits after each of the tokens that the decoder is given, the start first: of `[B, n]`, `[B, n, V]`.
    public func denoise(_ question: DenoiserQuestion) -> Tensor {
        let given = Tokens(question.state.values.map { Int32($0) }, question.state.shape)
        let words = question.words(contextWidth) { text, keeps in text.dropped(to: .zeros([contextWidth]), keeps: keeps) }
        let states = words?.states ?? added(given.shape[0], question.labels(classCount) ?? [])
        return network(given, over: states, mask: words?.mask)
    }

    public func writeParts(to folder: String) throws { try ModelTokenizer.write(text.tokenizer, to: folder) }
}

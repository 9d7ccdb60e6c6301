import Denoisers
import Diffusion
import Media
import Networks
import Tensors

/// Sentences as rows of tokens of one length: what models that restore tokens at their places have in common.
struct SentenceGround {
    let form: TextForm

    var length: Int { form.length }

    /// Keys: `vocabulary` of a byte-pair tokenizer made of the data's sentences, `length`.
    init(_ section: Section, _ surroundings: Surroundings) throws {
        let vocabulary = try section.int("vocabulary", default: 1024, in: 260...65_536)
        let tokenizer = try ModelTokenizer.make(vocabulary: vocabulary, surroundings)
        form = TextForm(tokenizer, length: try section.int("length", default: 32, in: 2...4096), end: ModelTokenizer.end)
    }

    /// A network over the positions, whose state is a vector of `width` for each; of the modes of self-conditioning `both` is only for
    /// systems whose usual mode it is.
    func network(_ model: Section, width: Int, usual: SelfConditioning = .half) throws -> DiTConfiguration {
        var defaults = DiTConfiguration.Defaults.sequence
        defaults.selfConditioning = usual
        let c = try DiTConfiguration(model, latents: [length, 1, width], defaults)
        guard c.patch == 1, !c.learnsVariance else {
            throw model.error("patch", "and learn_variance are as they are in this system", expected: "1 and false")
        }
        guard c.selfConditioning != .both || usual == .both else {
            throw model.error("self_conditioning", "is of other systems", expected: "half or none", found: "both")
        }
        return c
    }

    /// What a model is told, in the words that its sentences have.
    func listener(_ condition: Section, _ surroundings: Surroundings) throws -> Listener {
        var known = surroundings
        known.words = form.tokenizer
        return try Listener(condition, known)
    }

    var vocabulary: Int { form.tokenizer.vocabularySize }

    /// Tokens of a batch: `[B, L]`.
    func tokens(of batch: Batch) -> Tokens {
        guard let media = batch.media else { fatalError("a model of sentences trains on media") }
        return TextForm.tokens(media)
    }

    /// What a model is told of positions: their clean vectors where they are known, and a flag.
    ///
    ///     vectors: [B, L, D], known: [B, L], 1 where it is
    static func told(_ vectors: Tensor, _ known: Tensor) -> Condition {
        let flags = known.unsqueezed(2)
        return Condition(.known, states: concatenated([vectors * flags, flags], axis: 2))
    }

    /// Blanks of a request, by sentence; nil where it has none.
    func given(_ request: SampleRequest) throws -> [String: BlankedSentence]? {
        guard !request.infills.isEmpty else { return nil }
        return try Dictionary(request.infills.map { ($0, try BlankedSentence($0, form)) }, uniquingKeysWith: { $1 })
    }

    /// What is known of sentences with blanks, of a model whose tokens have these vectors `[V, D]`.
    func known(_ sentences: [BlankedSentence], _ table: Tensor) -> Condition {
        let shape = [sentences.count, length]
        let flags = Tensor(sentences.flatMap { $0.tokens.map { $0 == nil ? 0 : 1 } }, shape)
        return Self.told(embedding(table, Tokens(sentences.flatMap { $0.tokens.map { $0 ?? form.padding } }, shape)), flags)
    }

    /// What stands before the end of each row, blanks filled and the rest kept, empty positions left out.
    ///
    ///     said: [B, L]
    func texts(_ said: Tokens, _ given: [BlankedSentence]?) -> [String] {
        (0..<said.shape[0]).map { row in
            let tokens = (0..<length).map { given?[row].tokens[$0] ?? said.values[row * length + $0] }
            return form.tokenizer.decode(tokens.prefix { $0 != form.end }.filter { $0 != form.padding })
        }
    }
}

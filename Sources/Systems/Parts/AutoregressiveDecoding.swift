import Media
import Networks
import Tensors

/// How a decoder is made to say sentences: section `sample {method, temperature, truncation, beams, length_penalty, repetition_penalty,
/// no_repeat, shortest}`.
///
/// `temperature` and `truncation` are those of drawn sentences, `beams` and `length_penalty` those of searched ones;
/// `repetition_penalty`, `no_repeat`, the length of runs that do not come twice, and `shortest`, the tokens that are said at least, are
/// everybody's.
public struct AutoregressiveDecoding: Sendable {
    enum Method: String, Sendable, CaseIterable { case sampled, greedy, beam }

    /// What `--sampler` may say of a model that has one.
    public static let names = Method.allCases.map(\.rawValue)

    let method: Method
    private let temperature, share: Double
    private let beams: Int
    private let lengthPenalty: Double
    private let rules: DecodingRules

    /// - Parameter vocabulary: tokens that the decoder could say, whether the tokenizer knows them or not.
    init(_ section: Section, _ form: TextForm, vocabulary: Int) throws {
        method = try section.choice("method", default: .sampled)
        temperature = try section.number("temperature", default: 1, in: 0.01...100)
        share = try section.number("truncation", default: 1, in: 0...1)
        beams = try section.int("beams", default: 4, in: 1...256)
        lengthPenalty = try section.number("length_penalty", default: 1, in: -10...10)
        let usual = [any LogitsProcessor].rules(
            repetitionPenalty: try section.number("repetition_penalty", default: 1, in: 0.1...100),
            noRepeat: try section.int("no_repeat", default: 0, in: 0...form.length),
            shortest: try section.int("shortest", default: 0, in: 0...form.length - 1), ends: [form.end])
        // What stands in no sentence, so that none is cut short by it.
        let known = form.tokenizer.specials.subtracting([form.end])
        let unknown = Int32(form.tokenizer.vocabularySize)..<Int32(max(vocabulary, form.tokenizer.vocabularySize))
        let special = SpecialTokens(start: ModelTokenizer.start, ends: [form.end], padding: form.padding)
        rules = DecodingRules(special, length: form.length, processors: [SuppressedTokens(known.sorted() + unknown)] + usual)
    }

    /// The method of a request, which may ask for another than the model's own.
    func method(of request: SampleRequest) throws(InputError) -> Method {
        let name = request.sampler ?? method.rawValue
        guard let chosen = Method(rawValue: name) else {
            throw InputError(
                "unknown sampler", at: "--sampler", expected: "one of " + Self.names.joined(separator: ", "), found: "'\(name)'",
                hint: nearestName(to: name, among: Self.names).map { "did you mean '\($0)'?" })
        }
        guard chosen != .sampled else { return chosen }
        for (flag, value) in [("--temperature", request.temperature), ("--truncation", request.truncation)] {
            guard let value else { continue }
            throw InputError(
                "says nothing to \(name) decoding", at: flag, expected: "--sampler sampled beside it", found: "\(value)")
        }
        return chosen
    }

    /// Tokens of a sentence for each source, the end last where it was reached.
    ///
    ///     states: [B, M, C], mask: [B, M], places: B
    func said(
        by decoder: some SequenceDecoder, over states: Tensor, mask: Tensor?, places: [Noise], _ request: SampleRequest
    ) throws(InputError) -> [[Int32]] {
        switch try method(of: request) {
        case .sampled:
            let share = request.truncation ?? share
            let sampling = TokenSampling(
                rules, temperature: request.temperature ?? temperature, share: share < 1 ? share : nil)
            return sampling(decoder, over: states, mask: mask, places: places).map(\.tokens)
        case .greedy: return GreedySearch(rules)(decoder, over: states, mask: mask).map(\.tokens)
        case .beam:
            let search = BeamSearch(rules, beams: beams, lengthPenalty: lengthPenalty)
            return search(decoder, over: states, mask: mask).map { $0.first?.tokens ?? [] }
        }
    }
}

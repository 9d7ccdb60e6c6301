import Tensors

/// A model of `clip` that says how well pictures or sounds fit what was asked for.
struct MediaJudge {
    private let reference: JudgeReference
    private let system: any MatchingSystem

    /// Key `judge`, a model directory.
    ///
    /// - Parameter ground: of the tokens whose media are judged.
    init(_ sample: Section, _ ground: TokenGround) throws {
        reference = try JudgeReference(sample)
        let wanted = "a model of \(CLIPSystem.name) for the media of the codec"
        guard let judge = reference.system as? any MatchingSystem, judge.form.medium == ground.codec.medium else {
            throw sample.error("judge", "is no judge of these media", expected: wanted, found: type(of: reference.system).name)
        }
        guard ground.listener.reader != nil else {
            throw sample.error("judge", "has nothing to hold media against", expected: "condition.kind: text")
        }
        system = judge
    }

    /// One for each of the media `[B, H, W, C]`.
    func scores(_ media: Tensor, _ captions: [String]) -> [Float] {
        let cosines = system.match(media, captions).values
        return captions.indices.map { cosines[$0 * (captions.count + 1)] }
    }

    func write(to target: String) throws { try reference.write(to: target) }
    func configuration(_ resolved: ConfigurationValue) -> ConfigurationValue { reference.configuration(resolved) }
}

import Tensors

/// How freely codes are drawn from what a network says of them: keys `truncation`, `temperature` and `final_temperature` of `sample`.
struct TokenChoice {
    private let truncation: Double
    private let temperature: Double
    /// At the end of a run, which comes down to it in a straight line; the temperature itself when nil.
    private let finalTemperature: Double?

    /// - Parameter usual: the truncation of systems whose files say nothing.
    init(_ sample: Section, truncation usual: Double = 1) throws {
        truncation = try sample.number("truncation", default: usual, in: 0...1)
        temperature = try sample.number("temperature", default: 1, in: 0.01...100)
        finalTemperature = try sample.optionalNumber("final_temperature", in: 0.01...100)
    }

    /// Logits `[..., K]` after temperature and truncation, the request's own where it has them.
    ///
    /// - Parameter time: of the run, 1 at its beginning and 0 at its end.
    func narrowed(_ logits: Tensor, at time: Double, _ request: SampleRequest) -> Tensor {
        let (first, share) = (request.temperature ?? temperature, request.truncation ?? truncation)
        // A temperature that was asked for is one for all steps.
        let last = request.temperature ?? finalTemperature ?? first
        let heat = last + (first - last) * time
        let warmed = heat == 1 ? logits : logits / Float(heat)
        return share < 1 ? keepingLikely(warmed, share: Float(share)) : warmed
    }
}

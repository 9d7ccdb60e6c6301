import Tensors

/// How freely codes are drawn from what a network says of them: keys `truncation` and `temperature` of `sample`.
struct TokenChoice {
    private let truncation: Double
    private let temperature: Double

    /// - Parameter usual: the truncation of systems whose files say nothing.
    init(_ sample: Section, truncation usual: Double = 1) throws {
        truncation = try sample.number("truncation", default: usual, in: 0...1)
        temperature = try sample.number("temperature", default: 1, in: 0.01...100)
    }

    /// Logits `[..., K]` after temperature and truncation, the request's own where it has them.
    func narrowed(_ logits: Tensor, _ request: SampleRequest) -> Tensor {
        let (heat, share) = (request.temperature ?? temperature, request.truncation ?? truncation)
        let warmed = heat == 1 ? logits : logits / Float(heat)
        return share < 1 ? keepingLikely(warmed, share: Float(share)) : warmed
    }
}

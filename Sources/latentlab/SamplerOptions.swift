import ArgumentParser
import LatentLab

/// How samples are drawn, wherever they are; what is left out is the model's own.
struct SamplerOptions: ParsableArguments {
    @Option(help: "Steps; the model's own when left out.") var steps: Int?
    @Option(help: "Strength of guidance; the model's own when left out.") var cfgScale: Double?
    @Option(help: "Sampler: \((Samplers.names + TokenSamplers.names + AutoregressiveDecoding.names).joined(separator: ", ")).")
    var sampler: String?
    @Option(help: "Of tokens: draw from the likeliest that hold this share, 0 to 1.") var truncation: Double?
    @Option(help: "Of tokens: above 0; below 1 prefers the likely.") var temperature: Double?
    @Option(help: "Make so many and keep the best; the model's own number when left out.") var candidates: Int?

    /// A request that says so, and nothing else.
    func request() throws -> SampleRequest {
        try bounded(steps, 1...100_000, "--steps")
        try bounded(cfgScale, -1000...1000, "--cfg-scale")
        try bounded(truncation, 0...1, "--truncation")
        try bounded(temperature, 0.01...100, "--temperature")
        try bounded(candidates, 1...1000, "--candidates")
        var request = SampleRequest()
        request.steps = steps
        request.guidance = cfgScale
        request.sampler = sampler
        request.truncation = truncation
        request.temperature = temperature
        request.candidates = candidates
        return request
    }
}

/// Refuses what a flag says if it is outside of a range; NaN is.
func bounded<T: Comparable>(_ value: T?, _ range: ClosedRange<T>, _ flag: String) throws {
    guard let value, !range.contains(value) else { return }
    throw InputError("out of range", at: flag, expected: "\(range.lowerBound) to \(range.upperBound)", found: "\(value)")
}

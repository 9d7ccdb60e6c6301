import Diffusion
import Systems
import Tensors

extension Evaluation {
    /// How a model's points sit on the modes of the data, beside what exact samples of the data score.
    func modes(_ system: any GenerativeSystem) throws -> [Result] {
        guard type(of: system).medium == .point else {
            throw InputError("this model does not make points", at: model, found: type(of: system).name)
        }
        let names = MixtureSection.Shape.allCases.map(\.rawValue)
        guard let shape = MixtureSection.Shape(rawValue: data ?? "ring") else {
            throw InputError(
                "unknown mixture", at: "--data", expected: "one of " + names.joined(separator: ", "),
                found: "'\(data ?? "")'")
        }
        let mixture = MixtureSection.mixture(shape)
        var request = request
        request.seeds = (0..<count).map { UInt64(seed + $0) }
        var values: [Float] = []
        try system.sample(request) { values += $0.points?.values ?? [] }
        guard values.count % mixture.size == 0, values.count / mixture.size >= count else {
            throw InputError(
                "points have another size than the data's", at: model, expected: "\(mixture.size) numbers each")
        }
        let found = ModeCoverage(Tensor(values, [values.count / mixture.size, mixture.size]), of: mixture)
        let exact = ModeCoverage(
            mixture.sample((0..<count).map { Noise(seed: UInt64(seed))("exact")($0) }).x, of: mixture)
        func percent(_ share: Double) -> String { fixed(100 * share, decimals: 1) + " %" }
        let (least, most) = (found.shares.min() ?? 0, found.shares.max() ?? 0)
        return [
            Result(
                name: "within-3-deviations", value: found.within,
                text: "\(percent(found.within)) of \(count) points (of exact ones \(percent(exact.within)))"),
            Result(
                name: "spread", value: found.spread,
                text:
                    "\(fixed(found.spread, decimals: 2)) deviations (of exact points \(fixed(exact.spread, decimals: 2)))"
            ),
            Result(
                name: "smallest-mode", value: least,
                text: "\(percent(least)) of the points, the largest \(percent(most)), \(mixture.components.count) modes"
            ),
        ]
    }
}

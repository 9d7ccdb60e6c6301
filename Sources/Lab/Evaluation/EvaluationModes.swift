import Diffusion
import Metrics
import Systems
import Tensors

extension Evaluation {
    /// How a model's points sit on the modes of the data, beside what exact samples of the data score.
    func modes(_ system: any GenerativeSystem) throws -> [Result] {
        let (points, mixture) = try drawn(system)
        let found = ModeCoverage(points, of: mixture)
        let exact = ModeCoverage(reals(of: mixture, "exact"), of: mixture)
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

    /// How far a model's points lie from points of the data, beside what as many other points of the data score.
    func discrepancy(_ system: any GenerativeSystem) throws -> [Result] {
        guard count > 1 else { throw InputError("too few to compare", at: "--count", expected: "2 or more", found: "\(count)") }
        let (points, mixture) = try drawn(system)
        let real = reals(of: mixture, "exact")
        let (found, floor) = (pointDistance(points, real), pointDistance(reals(of: mixture, "other"), real))
        func shown(_ value: Double) -> String { fixed(value, decimals: 5) }
        return [
            Result(
                name: "mmd", value: found,
                text: "\(shown(found)) between \(count) points and as many of the data (of as many other points \(shown(floor)))")
        ]
    }

    /// A model's points `[count, D]` and the mixture that they are held against.
    private func drawn(_ system: any GenerativeSystem) throws -> (Tensor, GaussianMixture) {
        guard system.medium == .point else {
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
        return (Tensor(values, [values.count / mixture.size, mixture.size]), mixture)
    }

    /// Points of the data that training never saw: `[count, D]`.
    private func reals(of mixture: GaussianMixture, _ purpose: String) -> Tensor {
        mixture.sample((0..<count).map { Noise(seed: UInt64(seed))(purpose)($0) }).x
    }
}

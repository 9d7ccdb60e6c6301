import Diffusion
import Media
import Tensors

/// Points drawn from a mixture of normal distributions, each with the label of its component.
///
/// An example is a pure function of (seed, split, index); the epoch changes nothing.
public struct MixturePoints: Dataset {
    public let mixture: GaussianMixture
    public let count: Int
    private let place: Noise

    public init(_ mixture: GaussianMixture, count: Int = 60_000, split: Split = .train, seed: UInt64 = 0) {
        require(count > 0, "MixturePoints: \(count) examples")
        self.mixture = mixture
        self.count = count
        place = Noise(seed: seed)("mixture points")(split.rawValue)
    }

    public var classNames: [String] {
        let labels = Set(mixture.components.map(\.label))
        return labels.sorted().map { "\($0)" }
    }

    public func example(_ index: Int, epoch: Int) -> Example {
        require((0..<count).contains(index), "MixturePoints: example \(index) of \(count)")
        let (x, components) = mixture.sample([place(index)])
        return Example(point: x.values, label: mixture.components[components[0]].label, name: "point \(index)")
    }
}

import Tensors

/// Which quantizer a codec has, and how it learns.
public enum QuantizerConfiguration: Sendable, Equatable {
    case nearest(NearestCodeConfiguration)
    case gumbel(GumbelCodeConfiguration)
    case fsq(levels: [Int])

    /// Width of its vectors, where the kind of quantizer fixes it.
    public var width: Int? {
        guard case .fsq(let levels) = self else { return nil }
        return levels.count
    }

    /// Throws what is wrong with values that a person wrote; `place` is the section they were written in.
    public func check(at place: String? = nil) throws(InputError) {
        switch self {
        case .nearest(let c): try c.check(at: place)
        case .gumbel(let c): try c.check(at: place)
        case .fsq(let levels):
            let isSmall = levels.reduce(1) { min($0, 1 << 20) * min(max($1, 0), 1 << 20) } <= 1 << 20
            guard !levels.isEmpty, levels.allSatisfy({ $0 >= 2 }), isSmall else {
                throw InputError(
                    "the quantizer cannot be built", at: place.map { "\($0).levels" } ?? "levels",
                    expected: "numbers of 2 or more whose product is at most \(1 << 20)", found: "\(levels)")
            }
        }
    }

    /// - Parameter width: of the vectors, which for FSQ is its number of levels.
    func made(width: Int) -> any Quantizer {
        switch self {
        case .nearest(let c): NearestCode(c, width: width)
        case .gumbel(let c): GumbelCode(c, width: width)
        case .fsq(let levels): FSQ(levels: levels)
        }
    }
}

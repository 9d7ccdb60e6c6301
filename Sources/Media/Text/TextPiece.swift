/// A stretch of normalized text on its way to the model.
package struct TextPiece: Sendable {
    package let scalars: ArraySlice<Unicode.Scalar>
    /// Whether the whole text begins with it, nothing having been dropped before.
    package let opensText: Bool

    package init(_ scalars: ArraySlice<Unicode.Scalar>, opensText: Bool) {
        (self.scalars, self.opensText) = (scalars, opensText)
    }

    func part(_ range: Range<Int>) -> TextPiece {
        TextPiece(scalars[range], opensText: opensText && range.lowerBound == scalars.startIndex)
    }

    /// Each match and what lies between, put together as `behavior` says. Empty parts go.
    func split(at matches: [Range<Int>], _ behavior: SplitBehavior, isInverted: Bool = false) -> [TextPiece] {
        var tiles: [(range: Range<Int>, isMatch: Bool)] = []
        var at = scalars.startIndex
        for match in matches {
            if at < match.lowerBound { tiles.append((at..<match.lowerBound, isInverted)) }
            tiles.append((match, !isInverted))
            at = match.upperBound
        }
        if at < scalars.endIndex { tiles.append((at..<scalars.endIndex, isInverted)) }
        return behavior.joined(tiles).compactMap { $0.isEmpty ? nil : part($0) }
    }
}

/// What becomes of the places at which a text is split.
enum SplitBehavior: String, CaseIterable {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"

    fileprivate func joined(_ tiles: [(range: Range<Int>, isMatch: Bool)]) -> [Range<Int>] {
        switch self {
        case .removed: return tiles.filter { !$0.isMatch }.map(\.range)
        case .isolated: return tiles.map(\.range)
        case .mergedWithNext:
            var ranges: [Range<Int>] = []
            var afterMatch = false
            for tile in tiles.reversed() {
                if tile.isMatch, !afterMatch, let last = ranges.last {
                    ranges[ranges.count - 1] = tile.range.lowerBound..<last.upperBound
                } else {
                    ranges.append(tile.range)
                }
                afterMatch = tile.isMatch
            }
            return ranges.reversed()
        case .mergedWithPrevious, .contiguous:
            var ranges: [Range<Int>] = []
            var afterMatch = false
            for tile in tiles {
                let joins = self == .contiguous ? tile.isMatch == afterMatch : tile.isMatch && !afterMatch
                if joins, let last = ranges.last {
                    ranges[ranges.count - 1] = last.lowerBound..<tile.range.upperBound
                } else {
                    ranges.append(tile.range)
                }
                afterMatch = tile.isMatch
            }
            return ranges
        }
    }
}

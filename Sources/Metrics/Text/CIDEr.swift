import Glibc
import Tensors

/// CIDEr-D (Vedantam et al. 2015, arXiv 1411.5726) as pycocoevalcap counts it: ten times the cosine of n-grams'
/// tf-idf, clipped, falling off with the difference in length, mean over n and references.
///
/// The frequencies are those of the references given: numbers of different sets of references cannot be compared.
public struct CIDEr: Sendable {
    /// The longest n-grams.
    public let order: Int
    /// How fast the score falls off with the difference in length.
    public let sigma: Double

    /// CIDEr-D, 0 to 10.
    public struct Score: Sendable, Equatable {
        public let mean: Double
        /// One for each hypothesis.
        public let values: [Double]
    }

    public init(order: Int = 4, sigma: Double = 6) {
        require(order > 0 && sigma > 0, "CIDEr: order \(order), sigma \(sigma)")
        self.order = order
        self.sigma = sigma
    }

    /// Texts whose tokens are set apart by white space; for each hypothesis one or more references.
    public func score(_ hypotheses: [String], _ references: [[String]]) -> Score {
        score(hypotheses.map { words(of: $0) }, references.map { $0.map { words(of: $0) } })
    }

    public func score<Token: Hashable>(_ hypotheses: [[Token]], _ references: [[[Token]]]) -> Score {
        require(
            !hypotheses.isEmpty && hypotheses.count == references.count && references.allSatisfy { !$0.isEmpty },
            "CIDEr: \(hypotheses.count) hypotheses, references for \(references.count)")
        var grams = Grams<Token>()
        let counts = references.map { $0.map { grams.counts($0, order: order) } }
        // Number of items with the n-gram in any reference.
        var frequencies: [Int: Int] = [:]
        for item in counts {
            for gram in Set(item.joined().flatMap(\.counts.keys)) { frequencies[gram, default: 0] += 1 }
        }
        let items = log(Double(hypotheses.count))
        func vector(_ counts: [GramCounts]) -> Vector {
            Vector(counts) { items - log(Double(max(1, frequencies[$0] ?? 0))) }
        }
        let values = zip(hypotheses, counts).map { hypothesis, references in
            let own = vector(grams.counts(hypothesis, order: order))
            let sum = references.reduce(0.0) { $0 + similarity(own, vector($1)) }
            return 10 * sum / Double(references.count)
        }
        return Score(mean: values.reduce(0, +) / Double(values.count), values: values)
    }

    /// The n-grams of a text by tf-idf.
    private struct Vector {
        /// Element n - 1; `grams` are the keys of `weights` in order, so that sums do not depend on a dictionary's.
        let grams: [[Int]]
        let weights: [[Int: Double]]
        let norms: [Double]
        /// In tokens.
        let length: Int

        init(_ counts: [GramCounts], _ rarity: (Int) -> Double) {
            let weights = counts.map { counts in
                counts.counts.reduce(into: [Int: Double]()) { $0[$1.key] = Double($1.value) * rarity($1.key) }
            }
            grams = weights.map { $0.keys.sorted() }
            norms = zip(grams, weights).map { grams, weights in
                grams.reduce(0) { $0 + weights[$1]! * weights[$1]! }.squareRoot()
            }
            self.weights = weights
            length = counts[0].total
        }
    }

    private func similarity(_ own: Vector, _ other: Vector) -> Double {
        let difference = Double(own.length - other.length)
        let sum = (0..<order).reduce(0.0) { sum, n in
            let product = own.grams[n].reduce(0.0) { product, gram in
                let weight = other.weights[n][gram] ?? 0
                return product + min(own.weights[n][gram]!, weight) * weight
            }
            let norms = own.norms[n] * other.norms[n]
            return sum + (norms > 0 ? product / norms : product)
        }
        return sum / Double(order) * exp(-difference * difference / (2 * sigma * sigma))
    }
}

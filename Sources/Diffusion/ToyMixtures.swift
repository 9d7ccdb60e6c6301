import Glibc

// Pictures in the plane whose score is known exactly: curves as dense mixtures.

extension GaussianMixture {
    /// `count` blobs evenly on a circle, each with its own label.
    public static func ring(_ count: Int = 8, radius: Double = 1, deviation: Double = 0.1) -> GaussianMixture {
        GaussianMixture(
            (0..<count).map { i in
                let angle = 2 * .pi * Double(i) / Double(count)
                return Component(
                    mean: [radius * cos(angle), radius * sin(angle)], deviation: [deviation, deviation], label: i)
            })
    }

    /// Two interleaved half circles, labels 0 and 1, about within [-1, 1].
    public static func moons(_ count: Int = 64, deviation: Double = 0.04) -> GaussianMixture {
        curve(count, deviation, labels: 2) { label, share in
            let angle = .pi * share
            let (x, y) = label == 0 ? (cos(angle), sin(angle)) : (1 - cos(angle), 0.5 - sin(angle))
            return [(x - 0.5) / 1.5, (y - 0.25) / 1.5]
        }
    }

    /// Two arms that wind around each other, labels 0 and 1, about within [-1, 1].
    public static func spirals(_ count: Int = 96, turns: Double = 1.5, deviation: Double = 0.03) -> GaussianMixture {
        curve(count, deviation, labels: 2) { label, share in
            // Square root: equal lengths of arm get equal shares of the data.
            let radius = 0.1 + 0.9 * share.squareRoot()
            let angle = 2 * .pi * turns * share.squareRoot() + .pi * Double(label)
            return [radius * cos(angle), radius * sin(angle)]
        }
    }

    /// `count` blobs along each labelled curve.
    private static func curve(_ count: Int, _ deviation: Double, labels: Int, _ point: (Int, Double) -> [Double])
        -> GaussianMixture
    {
        GaussianMixture(
            (0..<labels).flatMap { label in
                (0..<count).map { i in
                    Component(
                        mean: point(label, (Double(i) + 0.5) / Double(count)), deviation: [deviation, deviation],
                        label: label)
                }
            })
    }
}

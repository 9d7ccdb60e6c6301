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

    /// Two circles around the same middle, labels 0 and 1.
    public static func circles(_ count: Int = 64, deviation: Double = 0.04) -> GaussianMixture {
        curve(count, deviation, labels: 2) { label, share in
            let (angle, radius) = (2 * .pi * share, label == 0 ? 1 : 0.5)
            return [radius * cos(angle), radius * sin(angle)]
        }
    }

    /// Five bent arms, a label each.
    public static func pinwheel(_ count: Int = 24, deviation: Double = 0.05) -> GaussianMixture {
        curve(count, deviation, labels: 5) { label, share in
            let radius = 0.2 + 0.8 * share
            let angle = 2 * .pi * Double(label) / 5 + 1.2 * radius
            return [radius * cos(angle), radius * sin(angle)]
        }
    }

    /// A strip rolled up, label 0.
    public static func swissRoll(_ count: Int = 160, deviation: Double = 0.03) -> GaussianMixture {
        curve(count, deviation, labels: 1) { _, share in
            let angle = 1.5 * .pi * (1 + 2 * share)
            return [angle * cos(angle) / (4.5 * .pi), angle * sin(angle) / (4.5 * .pi)]
        }
    }

    /// The eight dark squares of a board of four by four within [-1, 1], a label each: `count` blobs along each of their sides.
    public static func checkerboard(_ count: Int = 8, deviation: Double = 0.025) -> GaussianMixture {
        GaussianMixture(
            (0..<8).flatMap { label in
                let (row, column) = (label / 2, 2 * (label % 2) + label / 2 % 2)
                return (0..<count * count).map { i in
                    func place(_ square: Int, _ blob: Int) -> Double {
                        (Double(square) + (Double(blob) + 0.5) / Double(count)) / 2 - 1
                    }
                    return Component(
                        mean: [place(column, i % count), place(row, i / count)], deviation: [deviation, deviation], label: label)
                }
            })
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

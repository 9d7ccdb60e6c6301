/// The colours of charts on a light and on a dark page.
enum Palette {
    typealias Colour = (UInt8, UInt8, UInt8)

    static let seriesCount = light.count

    private static let light: [Colour] = [
        (11, 107, 184), (209, 87, 27), (27, 138, 90), (166, 66, 143), (176, 137, 0), (58, 143, 168), (107, 79, 187),
        (110, 110, 110),
    ]
    private static let dark: [Colour] = [
        (88, 166, 255), (255, 138, 91), (76, 195, 138), (225, 139, 203), (227, 179, 65), (108, 198, 218),
        (164, 140, 242), (170, 170, 170),
    ]

    static func colour(_ ink: Ink, dark isDark: Bool = false) -> Colour {
        switch ink {
        case .text: isDark ? (230, 237, 243) : (31, 35, 40)
        case .muted: isDark ? (145, 152, 161) : (95, 103, 112)
        case .grid: isDark ? (48, 54, 61) : (226, 230, 234)
        case .paper: isDark ? (13, 17, 23) : (255, 255, 255)
        case .series(let index): (isDark ? dark : light)[index % seriesCount]
        case .rgb(let red, let green, let blue): (red, green, blue)
        }
    }

    /// From dark violet over green to yellow, even in brightness, for a fraction from 0 to 1.
    static func heat(_ fraction: Double) -> Ink {
        let stops: [(Double, Double, Double)] = [
            (68, 1, 84), (65, 68, 135), (42, 120, 142), (34, 168, 132), (122, 209, 81), (253, 231, 37),
        ]
        let place = min(max(fraction, 0), 1) * Double(stops.count - 1)
        let index = min(Int(place), stops.count - 2)
        let (a, b, part) = (stops[index], stops[index + 1], place - Double(index))
        func mix(_ from: Double, _ to: Double) -> UInt8 { UInt8((from + (to - from) * part).rounded()) }
        return .rgb(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
    }

    /// Black or white, whichever is legible on a fixed colour.
    static func inkOn(_ ink: Ink) -> Ink {
        let (red, green, blue) = colour(ink)
        let brightness = 0.299 * Double(red) + 0.587 * Double(green) + 0.114 * Double(blue)
        return brightness > 140 ? .rgb(20, 20, 20) : .rgb(255, 255, 255)
    }
}

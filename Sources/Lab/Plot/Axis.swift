import Glibc

/// How values are laid along an axis.
public enum AxisScale: String, CaseIterable, Sendable {
    case linear
    /// Powers of ten evenly spaced; values at or below zero are left out.
    case log
}

/// The span of an axis and the values it names.
struct Axis {
    struct Tick: Equatable {
        let value: Double
        let label: String
    }

    let scale: AxisScale
    let low: Double
    let high: Double
    let ticks: [Tick]

    /// - Parameter count: how many ticks there is room for.
    /// - Parameter rounding: widen the span to ticks at both ends.
    init(_ values: [Double], scale: AxisScale, count: Int, rounding: Bool, including zero: Bool = false) {
        let usable =
            values.filter { $0.isFinite && abs($0) < 1e300 && (scale == .linear || $0 > 0) }
            + (zero && scale == .linear ? [0] : [])
        let (low, high) = Self.widened(usable.min(), usable.max(), scale)
        self.scale = scale
        var bounds = (low: low, high: high)
        switch scale {
        case .linear:
            let step = Self.niceStep((high - low) / Double(max(1, count)))
            if rounding {
                bounds = ((low / step + 1e-9).rounded(.down) * step, (high / step - 1e-9).rounded(.up) * step)
            }
            ticks = Self.linearTicks(bounds.low, bounds.high, step)
        case .log:
            if rounding { bounds = (Self.power(low, up: false), Self.power(high, up: true)) }
            ticks = Self.logTicks(bounds.low, bounds.high, count)
        }
        self.low = bounds.low
        self.high = bounds.high
    }

    /// From 0 at the low end to 1 at the high end; nil for values that have no place.
    func fraction(_ value: Double) -> Double? {
        guard value.isFinite else { return nil }
        switch scale {
        case .linear: return (value - low) / (high - low)
        case .log: return value > 0 ? (log10(value) - log10(low)) / (log10(high) - log10(low)) : nil
        }
    }

    private static func widened(_ low: Double?, _ high: Double?, _ scale: AxisScale) -> (Double, Double) {
        guard let low, let high else { return scale == .linear ? (0, 1) : (0.1, 1) }
        // Narrower than single precision tells apart is one value.
        if high - low > 1e-9 * max(abs(low), abs(high)) { return (low, high) }
        switch scale {
        case .linear:
            let margin = low == 0 ? 1 : abs(low) * 0.1
            return (low - margin, low + margin)
        case .log: return (low / 2, low * 2)
        }
    }

    /// 1, 2 or 5 times a power of ten, at least `rough`.
    static func niceStep(_ rough: Double) -> Double {
        let power = pow(10, log10(rough).rounded(.down))
        let lead = rough / power
        return power * (lead <= 1.0001 ? 1 : lead <= 2.0001 ? 2 : lead <= 5.0001 ? 5 : 10)
    }

    private static func linearTicks(_ low: Double, _ high: Double, _ step: Double) -> [Tick] {
        let (first, last) = ((low / step - 1e-6).rounded(.up), (high / step + 1e-6).rounded(.down))
        guard first <= last, last - first < 1000 else { return [] }
        let values = stride(from: first, through: last, by: 1).map { $0 * step }
        let largest = max(abs(low), abs(high))
        return values.map { Tick(value: $0, label: label($0, step: step, largest: largest)) }
    }

    /// The power of ten, or its double or quintuple, next to a value.
    private static func power(_ value: Double, up: Bool) -> Double {
        let base = pow(10, log10(value).rounded(.down))
        let steps = [1.0, 2, 5, 10].map { $0 * base }
        return up ? steps.first { $0 >= value * 0.999999 } ?? steps[3] : steps.last { $0 <= value * 1.000001 } ?? base
    }

    private static func logTicks(_ low: Double, _ high: Double, _ count: Int) -> [Tick] {
        let (first, last) = (Int(log10(low).rounded(.down)), Int(log10(high).rounded(.up)))
        for leads in [[1.0, 2, 5], [1.0, 3], [1.0]] {
            let values = (first...last).flatMap { exponent in leads.map { $0 * pow(10, Double(exponent)) } }
                .filter { $0 >= low * 0.999 && $0 <= high * 1.001 }
            if values.count <= count + 2 || leads.count == 1 {
                // Whole decades may be skipped; the steps within one may not, or the spacing misleads.
                let stride = leads.count > 1 ? 1 : max(1, (values.count + count - 1) / max(1, count))
                let kept = values.enumerated().filter { $0.offset % stride == 0 }.map(\.element)
                return kept.map { Tick(value: $0, label: shortNumber($0)) }
            }
        }
        return []
    }

    /// One unit and one number of decimals for all ticks of an axis.
    private static func label(_ value: Double, step: Double, largest: Double) -> String {
        if value == 0 { return "0" }
        if largest >= 1e9 || largest < 1e-3 { return shortNumber(value) }
        let (unit, suffix) = largest >= 1e6 ? (1e6, "M") : largest >= 1e4 ? (1e3, "k") : (1.0, "")
        return fixed(value / unit, decimals: max(0, Int((-log10(step / unit) - 1e-9).rounded(.up)))) + suffix
    }
}

/// A number with so many decimals.
func fixed(_ value: Double, decimals: Int) -> String {
    guard value.isFinite, abs(value) < 1e15, decimals < 16 else { return "\(value)" }
    let unit = pow(10, Double(decimals))
    let whole = (abs(value) * unit).rounded()
    guard whole < 9e18 else { return "\(value)" }
    let digits = String(Int(whole))
    let sign = value < 0 && whole > 0 ? "-" : ""
    if decimals == 0 { return sign + digits }
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
}

/// Three figures, with an exponent where zeros would crowd: `0.125`, `12.5`, `1,250` as `1250`, `3e-5`.
func shortNumber(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    if value == 0 { return "0" }
    let exponent = Int(log10(abs(value) * (1 + 1e-12)).rounded(.down))
    guard (-3...4).contains(exponent) else {
        var lead = trimmed(fixed(value / pow(10, Double(exponent)), decimals: 2))
        var power = exponent
        if lead == "10" || lead == "-10" { (lead, power) = (lead == "10" ? "1" : "-1", exponent + 1) }
        return "\(lead)e\(power)"
    }
    return trimmed(fixed(value, decimals: max(0, 2 - exponent)))
}

/// Numbers that stand under one another, with as many decimals as the finest of them needs.
func alignedNumbers(_ values: [Double]) -> [String] {
    let short = values.map(shortNumber)
    guard !zip(values, short).contains(where: { $0.isFinite && $1.contains("e") }) else { return short }
    let decimals = zip(values, short).filter { $0.0.isFinite }.map { number in
        number.1.firstIndex(of: ".").map { number.1.distance(from: $0, to: number.1.endIndex) - 1 } ?? 0
    }
    let finest = min(decimals.max() ?? 0, 4)
    return zip(values, short).map { $0.isFinite ? fixed($0, decimals: finest) : $1 }
}

private func trimmed(_ text: String) -> String {
    guard text.contains(".") else { return text }
    var text = text
    while text.last == "0" { text.removeLast() }
    if text.last == "." { text.removeLast() }
    return text
}

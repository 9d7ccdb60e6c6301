import Glibc
import Tensors

/// Ways to choose the times of a backward run, named as published configurations name them.
public enum Spacing: String, Sendable, CaseIterable {
    /// Multiples of ⌊T / n⌋ counted from the data: the last step of the chain is not visited.
    case leading
    /// Multiples of T / n counted from the noise (Lin et al. 2023, table 2).
    case trailing
    /// Even in the network's time from its first to its last step, both included, not rounded.
    case linspace
    /// n chain steps as evenly as whole numbers allow, both ends included (Nichol & Dhariwal 2021, released
    /// code).
    case respaced
    /// Even in t.
    case uniform
    /// Even in (σ/α)^(1/7) (Karras et al. 2022, equation 5).
    case karras
    /// Even in ln(α/σ).
    case logSNR = "log_snr"

    /// `steps` steps from noise to data.
    public func grid(steps n: Int, for schedule: any Schedule) throws(InputError) -> TimeGrid {
        let total = schedule.steps
        let isUnbounded = self == .uniform || self == .karras || self == .logSNR || self == .linspace
        guard n >= 1, isUnbounded || n <= total else {
            throw InputError(
                "number of sampling steps is impossible", at: "steps",
                expected: isUnbounded ? "a whole number from 1" : "a whole number from 1 to \(total)", found: "\(n)")
        }
        func chain(_ steps: [Double]) -> TimeGrid { TimeGrid(times: steps.map { min(1, $0 / Double(total)) }) }
        switch self {
        case .leading:
            return chain((0..<n).reversed().map { Double($0 * (total / n) + 1) })
        case .trailing:
            return chain(
                (0..<n).map { (Double(total) - Double($0) * Double(total) / Double(n)).rounded(.toNearestOrEven) })
        case .linspace:
            return chain(
                (0..<n).map { n == 1 ? Double(total) : Double(total) - Double($0) * Double(total - 1) / Double(n - 1) })
        case .respaced:
            return try .respaced("\(n)", of: total)
        case .uniform:
            return TimeGrid(times: (0..<n).map { 1 - Double($0) / Double(n) })
        case .karras:
            return .even(steps: n, for: schedule, by: { pow($0, 1 / 7.0) }, back: { pow($0, 7) })
        case .logSNR:
            return .even(steps: n, for: schedule, by: { log($0) }, back: { exp($0) })
        }
    }
}

extension TimeGrid {
    /// Kept steps of a chain of `total`, by the rule of improved-diffusion (2021).
    ///
    /// "250" keeps 250 steps, "10,15,20" cuts the chain in three sections and keeps that many of each,
    /// "ddim50" keeps every k-th step from the first for the whole number k that gives 50.
    public static func respaced(_ rule: String, of total: Int) throws(InputError) -> TimeGrid {
        let kept: [Int]
        if rule.hasPrefix("ddim") {
            guard let wanted = Int(rule.dropFirst(4)), wanted >= 1,
                let stride = (1...max(1, total)).first(where: { (total + $0 - 1) / $0 == wanted })
            else {
                throw InputError(
                    "no whole stride keeps that many steps of \(total)", at: "respacing", expected: "ddimN", found: rule
                )
            }
            kept = Array(Swift.stride(from: 0, to: total, by: stride))
        } else {
            let counts = rule.split(separator: ",", omittingEmptySubsequences: false).map { word -> Int in
                Int(String(word.drop { $0 == " " })) ?? 0
            }
            guard counts.allSatisfy({ $0 >= 1 }) else {
                throw InputError(
                    "steps to keep are not understood", at: "respacing",
                    expected: "a number, a list of numbers or ddimN",
                    found: rule)
            }
            kept = try keptSteps(sections: counts, of: total)
        }
        return TimeGrid(times: kept.reversed().map { Double($0 + 1) / Double(total) })
    }

    private static func keptSteps(sections counts: [Int], of total: Int) throws(InputError) -> [Int] {
        var kept: [Int] = []
        var start = 0
        for (i, count) in counts.enumerated() {
            let size = total / counts.count + (i < total % counts.count ? 1 : 0)
            guard count <= size else {
                throw InputError(
                    "a section of the chain is shorter than the steps to keep of it", at: "respacing",
                    expected: "at most \(size)", found: "\(count)")
            }
            let stride = count <= 1 ? 1 : Double(size - 1) / Double(count - 1)
            // Summed and not multiplied, so that halves round as they did in the published runs.
            var position = 0.0
            for _ in 0..<count {
                kept.append(start + Int(position.rounded(.toNearestOrEven)))
                position += stride
            }
            start += size
        }
        return kept
    }

    /// Even in a function of σ/α, from the most noise to the least. Where nothing is left of the data at the
    /// end, the first step starts there all the same and the others are even from σ/α = 80 (Karras et al.
    /// 2022, table 1).
    fileprivate static func even(
        steps n: Int, for schedule: any Schedule, by forward: (Double) -> Double, back: (Double) -> Double
    ) -> TimeGrid {
        let most = schedule.coordinates == .ratio ? schedule.ratio(1) : 80
        let (high, low) = (forward(most), forward(schedule.ratio(1 / Double(schedule.steps))))
        return TimeGrid(
            times: (0..<n).map { i in
                i == 0 ? 1 : schedule.time(ratio: back(high + (low - high) * Double(i) / Double(n - 1)))
            })
    }
}

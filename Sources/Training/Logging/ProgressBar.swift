import Glibc

/// The one progress display: a redrawn line on a terminal, a plain line now and then elsewhere, nothing when quiet.
///
///     train  ━━━━━━━━━━╸─────────  5,120/10,000  51%  12.4 it/s  6m 33s left  loss 0.134  wait 2%
///
/// The rate is smoothed over about a minute, so one slow step does not throw the time left about.
public final class ProgressBar {
    public struct Output: Sendable {
        public var isTerminal: Bool
        /// Columns; nil where there is no terminal.
        public var width: @Sendable () -> Int
        public var write: @Sendable (String) -> Void

        public init(isTerminal: Bool, width: @escaping @Sendable () -> Int, write: @escaping @Sendable (String) -> Void) {
            self.isTerminal = isTerminal
            self.width = width
            self.write = write
        }

        /// Where progress belongs: results go to standard output.
        public static let standardError = Output(
            isTerminal: isatty(2) == 1,
            width: {
                var size = winsize()
                return ioctl(2, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
            },
            write: { text in
                var bytes = Array(text.utf8)[...]
                while !bytes.isEmpty {
                    let count = bytes.withUnsafeBytes { Glibc.write(2, $0.baseAddress!, $0.count) }
                    if count < 0, errno == EINTR { continue }
                    guard count > 0 else { return }
                    bytes = bytes.dropFirst(count)
                }
            })
    }

    private let label: String
    private let total: Int
    private let unit: String
    private let quiet: Bool
    private let output: Output
    private let clock: () -> Double
    private let started: Double
    private var lastDrawn = -Double.infinity
    private var markTime: Double
    private var markStep: Int
    private var rate: Double?
    private var step: Int
    private var drawn = false
    private var drawnDone = false
    private var finished = false
    private var lastMetrics: [(name: String, value: String)] = []

    /// - Parameter step: where a resumed run stands.
    /// - Parameter unit: what one step is called in the rate.
    public init(
        _ label: String, total: Int, from step: Int = 0, unit: String = "it", quiet: Bool = false,
        output: Output = .standardError, clock: @escaping () -> Double = monotonicSeconds
    ) {
        self.label = label
        self.total = total
        self.unit = unit
        self.quiet = quiet
        self.output = output
        self.clock = clock
        self.step = step
        started = clock()
        markTime = started
        markStep = step
    }

    /// - Parameter metrics: name and value pairs, shown as far as the line has room.
    public func update(_ step: Int, _ metrics: [(name: String, value: String)] = []) {
        let now = clock()
        measure(step, now)
        guard !quiet, !finished else { return }
        // Ten redraws a second please the eye; ten seconds between lines please a log file.
        guard now - lastDrawn >= (output.isTerminal ? 0.1 : 10) || step >= total && !drawnDone else { return }
        lastDrawn = now
        drawnDone = step >= total
        draw(metrics)
    }

    /// A line of its own that does not tear the bar.
    public func note(_ text: String) {
        guard !quiet else { return }
        output.write((drawn && output.isTerminal ? "\r\u{1B}[K" : "") + text + "\n")
        lastDrawn = -.infinity
    }

    /// Ends the line. Later updates do nothing.
    public func finish(_ metrics: [(name: String, value: String)] = []) {
        guard !quiet, !finished else { return }
        finished = true
        guard output.isTerminal || !drawnDone else { return }
        draw(metrics.isEmpty ? lastMetrics : metrics)
        if output.isTerminal { output.write("\n") }
    }

    private func measure(_ step: Int, _ now: Double) {
        self.step = step
        let seconds = now - markTime
        guard seconds >= 0.5 || rate == nil && seconds > 0, step > markStep else { return }
        let fresh = Double(step - markStep) / seconds
        // Weight of the new measurement for a memory of 60 s, more at the start when there is little to remember.
        let weight = max(1 - exp(-seconds / 60), seconds / max(now - started, seconds))
        rate = rate.map { $0 + weight * (fresh - $0) } ?? fresh
        markTime = now
        markStep = step
    }

    private func draw(_ metrics: [(name: String, value: String)]) {
        lastMetrics = metrics
        let done = total > 0 ? min(1, Double(step) / Double(total)) : 1
        var fields = ["\(grouped(step))/\(grouped(total))", "\(Int(done * 100))%"]
        if let rate {
            fields.append(rateText(rate))
            fields.append(
                step < total ? duration(Double(total - step) / rate) + " left" : "in " + duration(clock() - started))
        }
        let extras = metrics.map { "\($0.name) \($0.value)" }
        guard output.isTerminal else {
            output.write(([label] + fields + extras).joined(separator: "  ") + "\n")
            return
        }
        let width = max(1, output.width() - 1)  // The last column would wrap on some terminals.
        var line = ([label] + fields).joined(separator: "  ")
        for extra in extras where line.count + extra.count + 2 <= width { line += "  " + extra }
        let room = min(24, width - line.count - 2)
        if room >= 6 {
            let rest = line.dropFirst(label.count)
            line = label + "  " + bar(done, room) + rest
        }
        output.write("\r\u{1B}[K" + line.prefix(width))
        drawn = true
    }

    private func bar(_ done: Double, _ width: Int) -> String {
        let halves = Int(done * Double(2 * width))
        let full = String(repeating: "━", count: halves / 2) + (halves % 2 == 1 ? "╸" : "")
        return full + String(repeating: "─", count: width - full.count)
    }

    private func rateText(_ rate: Double) -> String {
        rate >= 1 || rate <= 0 ? "\(rounded(rate)) \(unit)/s" : "\(rounded(1 / rate)) s/\(unit)"
    }
}

/// Seconds that never jump.
public func monotonicSeconds() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
}

/// `1,234,567`.
func grouped(_ number: Int) -> String {
    var digits = Array(String(abs(number)))
    for index in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(",", at: index) }
    return (number < 0 ? "-" : "") + String(digits)
}

/// `42s`, `6m 05s`, `3h 07m`, `2d 04h`.
func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "?" }
    let whole = Int(max(0, seconds).rounded())
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    switch whole {
    case ..<60: return "\(whole)s"
    case ..<3600: return "\(whole / 60)m \(two(whole % 60))s"
    case ..<86_400: return "\(whole / 3600)h \(two(whole % 3600 / 60))m"
    default: return "\(whole / 86_400)d \(two(whole % 86_400 / 3600))h"
    }
}

/// Three figures: `123`, `12.3`, `1.23`.
private func rounded(_ value: Double) -> String {
    let digits = value >= 100 ? 1.0 : value >= 10 ? 10 : 100
    let number = (value * digits).rounded() / digits
    return digits == 1 ? "\(Int(number))" : "\(number)"
}

import Testing
import Training

/// Collects what the bar writes and holds the time it sees; used from one thread.
private final class Screen: @unchecked Sendable {
    var text = ""
    var now = 0.0

    func bar(terminal: Bool, width: Int = 80, quiet: Bool = false, from step: Int = 0) -> ProgressBar {
        ProgressBar(
            "train", total: 10_000, from: step, quiet: quiet,
            output: .init(isTerminal: terminal, width: { width }, write: { self.text += $0 }), clock: { self.now })
    }
}

@Suite struct ProgressBarTests {
    @Test func `a terminal gets one redrawn line that fits it`() {
        let screen = Screen()
        let bar = screen.bar(terminal: true)
        screen.now = 10
        bar.update(5000, [("loss", "0.134"), ("wait", "2%"), ("a very long metric name", "that has no room")])
        #expect(
            screen.text
                == "\r\u{1B}[K"
                + "train  ━━━━━━───────  5,000/10,000  50%  500 it/s  10s left  loss 0.134  wait 2%"
                .replacing("━━━━━━───────", with: meter(screen.text)))
        for width in [20, 40, 60, 80, 200] {
            let screen = Screen()
            let bar = screen.bar(terminal: true, width: width)
            screen.now = 10
            bar.update(2500, [("loss", "0.134")])
            #expect(screen.text.dropFirst(4).count < width)
            #expect(!screen.text.contains("\n"))
        }
    }

    /// The meter in a line, which must be half full and as long as the free room.
    private func meter(_ line: String) -> String {
        let meter = line.filter { "━╸─".contains($0) }
        #expect(meter.filter { $0 != "─" }.count * 2 - meter.count <= 1 && meter.count >= 6)
        return meter
    }

    @Test func `redraws come at most ten times a second`() {
        let screen = Screen()
        let bar = screen.bar(terminal: true)
        for step in 1...1000 {
            screen.now = Double(step) * 0.001
            bar.update(step)
        }
        #expect(screen.text.split(separator: "\r").count == 10)
    }

    @Test func `elsewhere a plain line comes every ten seconds and one at the end`() {
        let screen = Screen()
        let bar = screen.bar(terminal: false)
        for step in 1...10_000 {
            screen.now = Double(step) * 0.0025
            bar.update(step)
        }
        bar.finish()
        let lines = screen.text.split(separator: "\n")
        #expect(lines.count == 4)
        #expect(lines[1] == "train  4,001/10,000  40%  400 it/s  15s left")
        #expect(lines[3] == "train  10,000/10,000  100%  400 it/s  in 25s")
        #expect(!screen.text.contains("\u{1B}"))
    }

    @Test func `quiet means nothing`() {
        let screen = Screen()
        let bar = screen.bar(terminal: true, quiet: true)
        bar.update(5)
        bar.note("x")
        bar.finish()
        #expect(screen.text.isEmpty)
    }

    @Test func `a resumed run measures its own speed and one slow step moves the rate little`() {
        let screen = Screen()
        let bar = screen.bar(terminal: false, from: 5000)
        for second in 1...100 {
            screen.now = Double(second)
            bar.update(5000 + second * 10)
        }
        screen.now = 105
        bar.update(6001)
        let line = screen.text.split(separator: "\n").last ?? ""
        #expect(line.contains("9.22 it/s"), "\(line)")  // 10 + (1 − e^(−5/60)) (0.2 − 10)
        screen.now = 120
        bar.update(6010)
        let rate = screen.text.split(separator: "\n").last?.split(separator: "  ").first { $0.hasSuffix("it/s") } ?? ""
        let value = Double(rate.split(separator: " ")[0]) ?? 0
        #expect(value > 6 && value < 9, "\(rate)")
    }

    @Test func `a note clears the bar and a slow run is told in seconds a step`() {
        let screen = Screen()
        let bar = screen.bar(terminal: true)
        screen.now = 20
        bar.update(10)
        #expect(screen.text.contains("2.0 s/it  5h 33m left"))
        bar.note("checkpoint written")
        #expect(screen.text.hasSuffix("\r\u{1B}[Kcheckpoint written\n"))
    }
}

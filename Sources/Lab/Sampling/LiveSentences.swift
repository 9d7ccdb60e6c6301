import Systems
import Training

/// Sentences as they come to be: on a terminal redrawn in place, elsewhere a line for each at every step.
public final class LiveSentences {
    private let output: ProgressBar.Output
    /// Lines on the screen that the next frame takes the place of, and the sample that they begin with.
    private var drawn = 0
    private var first = 0

    public init(output: ProgressBar.Output = .standardError) { self.output = output }

    public func show(_ frame: FilmFrame) {
        let head = "step \(frame.index + 1)/\(frame.count)"
        guard output.isTerminal else {
            for (i, text) in frame.texts.enumerated() {
                output.write("\(head)  \(frame.first + i)  \(Self.printable(text))\n")
            }
            return
        }
        if frame.first != first { drawn = 0 }
        let width = max(1, output.width() - 1)
        let lines = [head] + frame.texts.map { "  " + Self.printable($0) }
        let back = drawn > 0 ? "\u{1B}[\(drawn)A" : ""
        output.write(back + lines.map { "\r\u{1B}[K" + $0.prefix(width) + "\n" }.joined())
        (drawn, first) = (lines.count, frame.first)
    }

    /// On one line, with nothing that a terminal would obey.
    private static func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? " " : $0 }))
    }
}

import Lab
import Synchronization
import Systems
import Testing
import Training

@Suite struct LiveSentencesTests {
    /// What a view writes for frames of two steps, and for one of the samples after.
    private func written(isTerminal: Bool) -> String {
        let text = Mutex("")
        let view = LiveSentences(
            output: .init(isTerminal: isTerminal, width: { 12 }, write: { more in text.withLock { $0 += more } }))
        view.show(FilmFrame(first: 0, index: 0, count: 2, texts: ["a cat", "the\u{1B}[2J long sentence"]))
        view.show(FilmFrame(first: 0, index: 1, count: 2, texts: ["a dog", "x"]))
        view.show(FilmFrame(first: 2, index: 0, count: 2, texts: ["an owl"]))
        return text.withLock { $0 }
    }

    @Test func `on a terminal a step takes the place of the one before, and samples that of none`() {
        let clear = "\r\u{1B}[K"
        #expect(
            written(isTerminal: true) == """
                \(clear)step 1/2
                \(clear)  a cat
                \(clear)  the [2J l
                \u{1B}[3A\(clear)step 2/2
                \(clear)  a dog
                \(clear)  x
                \(clear)step 1/2
                \(clear)  an owl

                """)
    }

    @Test func `elsewhere each is a line that says its step and number`() {
        #expect(
            written(isTerminal: false) == """
                step 1/2  0  a cat
                step 1/2  1  the [2J long sentence
                step 2/2  0  a dog
                step 2/2  1  x
                step 1/2  2  an owl

                """)
    }
}

import Glibc
import Synchronization

/// Ctrl-C and SIGTERM ask a run to stop after the step under way, with a checkpoint.
public enum Interruption {
    private static let wanted = Atomic<Bool>(false)

    public static var isWanted: Bool { wanted.load(ordering: .relaxed) }

    /// The first signal asks; a second one ends the program as usual.
    public static func watch() {
        // Whoever started us may have blocked them, and a blocked signal is inherited.
        var asked = sigset_t()
        sigemptyset(&asked)
        for number in [SIGINT, SIGTERM] { sigaddset(&asked, number) }
        pthread_sigmask(SIG_UNBLOCK, &asked, nil)
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                Interruption.wanted.store(true, ordering: .relaxed)
                signal(number, SIG_DFL)
            }
        }
    }
}

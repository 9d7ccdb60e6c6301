import Glibc
import Lab

/// How long the pool's threads look for work before they sleep.
///
/// libgomp lets a waiting thread spin for milliseconds. Alone on the machine that is cheap; where cores are shared the spinning
/// thread takes the time that the thread it waits for would need, and training was measured five times slower. A short spin
/// costs nothing alone. libgomp reads the setting before any of our code runs, so the program starts itself anew once;
/// whoever sets OMP_WAIT_POLICY or GOMP_SPINCOUNT keeps that choice.
enum Waiting {
    private static let marker = BenchmarkPeer.waitingMarker

    static func settle() {
        guard getenv("OMP_WAIT_POLICY") == nil, getenv("GOMP_SPINCOUNT") == nil, getenv(marker) == nil else { return }
        setenv("GOMP_SPINCOUNT", "10000", 1)
        setenv(marker, "set", 1)
        execv("/proc/self/exe", CommandLine.unsafeArgv)
        // No new start, so the default stays.
        unsetenv("GOMP_SPINCOUNT")
    }
}

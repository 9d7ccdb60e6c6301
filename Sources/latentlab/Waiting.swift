import Glibc
import Lab

/// How long the pool's threads look for work before they sleep.
///
/// libgomp lets a waiting thread spin for milliseconds. Alone on the machine that is cheap; where cores are shared the spinning
/// thread takes the time that the thread it waits for would need, and training was measured up to five times slower. Spinning
/// for some tens of microseconds bridges the gaps between kernels and no more. libgomp reads the setting before any of our code
/// runs, so the program starts itself anew once (8 ms); whoever sets OMP_WAIT_POLICY or GOMP_SPINCOUNT keeps that choice.
enum Waiting {
    private static let marker = BenchmarkPeer.waitingMarker

    static func settle() {
        guard getenv("OMP_WAIT_POLICY") == nil, getenv("GOMP_SPINCOUNT") == nil, getenv(marker) == nil else { return }
        setenv("GOMP_SPINCOUNT", "3000", 1)
        var chosen = "GOMP_SPINCOUNT"
        // OpenBLAS would begin with threads of its own, which are given no work and spin for the first moments.
        if getenv("OPENBLAS_NUM_THREADS") == nil {
            setenv("OPENBLAS_NUM_THREADS", "1", 1)
            chosen += " OPENBLAS_NUM_THREADS"
        }
        setenv(marker, chosen, 1)
        execv("/proc/self/exe", CommandLine.unsafeArgv)
        // No new start, so the default stays.
        unsetenv("GOMP_SPINCOUNT")
    }
}

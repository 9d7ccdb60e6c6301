import Foundation
import Tensors

/// A folder that one process works in, as long as this lives: a second one that would write the same checkpoints is refused.
final class FolderClaim: Sendable {
    private let descriptor: Int32

    /// Throws where another process, or another claim of this one, has the folder. File systems without locks refuse nobody.
    init(_ path: String) throws(InputError) {
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK else { return }
        throw InputError(
            "another process works in this folder", at: path, expected: "a folder of its own for each run",
            hint: "wait for it, or choose another --run-dir")
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
}

import Foundation
import Tensors

/// Finds out before long work whether its result can be kept.
enum OutputPath {
    /// Throws where no file can be put at `path`.
    static func check(_ path: String) throws(InputError) {
        // By hand: Foundation's deletingLastPathComponent ends the program for a name of one letter.
        let place = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        var isFolder: ObjCBool = false
        guard !path.isEmpty, FileManager.default.fileExists(atPath: place, isDirectory: &isFolder), isFolder.boolValue else {
            throw InputError(
                "cannot be written: no such folder", at: path, expected: "a file in a folder that exists", found: place)
        }
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
            if isFolder.boolValue { throw InputError("is a folder", at: path, expected: "a file") }
            guard FileManager.default.isWritableFile(atPath: path) else {
                throw InputError("cannot be written", at: path, expected: "a file that may be replaced")
            }
        }
        guard access(place, W_OK) == 0 else {
            throw InputError("cannot be written", at: path, expected: "a folder that can be written", found: place)
        }
    }
}

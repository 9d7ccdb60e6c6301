import Glibc
import Tensors
import TestKit
import Testing

@Suite struct AtomicFileTests {
    @Test func `what is written is read back, and nothing else is left in the folder`() throws {
        let folder = TemporaryFolder()
        let path = folder.path + "/a.bin"
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        try AtomicFile.write(bytes, to: path)
        #expect(try AtomicFile.read(path) == bytes)
        try AtomicFile.write("new", to: path)
        #expect(try AtomicFile.readText(path) == "new")
        try AtomicFile.write([], to: path)
        #expect(try AtomicFile.read(path) == [])
        #expect(folder.names == ["a.bin"])
    }

    @Test func `a file written in pieces appears only at commit`() throws {
        let folder = TemporaryFolder()
        let path = folder.path + "/a.bin"
        try AtomicFile.write("old", to: path)
        let writer = try AtomicFileWriter(path)
        try writer.append([1, 2])
        try writer.append([3])
        #expect(try AtomicFile.readText(path) == "old")
        try writer.commit()
        #expect(try AtomicFile.read(path) == [1, 2, 3])
        #expect(folder.names == ["a.bin"])
    }

    @Test func `a writer that is dropped leaves the old file and no other`() throws {
        let folder = TemporaryFolder()
        let path = folder.path + "/a.bin"
        try AtomicFile.write("old", to: path)
        do {
            let writer = try AtomicFileWriter(path)
            try writer.append([1, 2])
        }
        #expect(try AtomicFile.readText(path) == "old")
        #expect(folder.names == ["a.bin"])
    }

    @Test func `a bad destination is bad input that names the path`() throws {
        let folder = TemporaryFolder()
        #expect(
            throws: InputError(
                "cannot write the file: no such folder", at: folder.path + "/no/a", found: folder.path + "/no"
            )
        ) {
            try AtomicFile.write([1], to: folder.path + "/no/a")
        }
        #expect(throws: InputError("is a folder", at: folder.path, expected: "a file")) {
            try AtomicFile.write([1], to: folder.path)
        }
        #expect(throws: InputError("is a folder", at: folder.path + "/x/", expected: "a file")) {
            try AtomicFile.write([1], to: folder.path + "/x/")
        }
        #expect(throws: InputError("is not a regular file, so it cannot be replaced", at: "/dev/null")) {
            try AtomicFile.write([1], to: "/dev/null")
        }
        try AtomicFile.write([1], to: folder.path + "/file")
        #expect(throws: InputError.self) { try AtomicFile.write([1], to: folder.path + "/file/a") }
        #expect(throws: InputError.self) {
            try AtomicFile.write([1], to: folder.path + "/" + String(repeating: "x", count: 300))
        }
        #expect(throws: InputError.self) { try AtomicFile.write([1], to: "") }
        #expect(folder.names == ["file"])
    }

    @Test func `reading what is not a file is bad input`() throws {
        let folder = TemporaryFolder()
        #expect(throws: InputError("cannot open the file: no such file or directory", at: folder.path + "/a")) {
            try AtomicFile.read(folder.path + "/a")
        }
        #expect(throws: InputError("is a folder", at: folder.path, expected: "a file")) {
            try AtomicFile.read(folder.path)
        }
        try AtomicFile.write([0xFF], to: folder.path + "/a")
        #expect(throws: InputError("the file is not UTF-8 text", at: folder.path + "/a")) {
            try AtomicFile.readText(folder.path + "/a")
        }
    }

    @Test(.enabled(if: geteuid() != 0)) func `a file without permission is bad input`() throws {
        let folder = TemporaryFolder()
        let path = folder.path + "/a"
        try AtomicFile.write("old", to: path)
        chmod(path, 0o444)
        #expect(throws: InputError.self) { try AtomicFile.write([1], to: path) }
        chmod(path, 0o644)
        chmod(folder.path, 0o555)
        #expect(throws: InputError.self) { try AtomicFile.write([1], to: path) }
        chmod(folder.path, 0o755)
        #expect(try AtomicFile.readText(path) == "old")
    }

    @Test func `a link is followed and a mode is kept`() throws {
        let folder = TemporaryFolder()
        let path = folder.path + "/a"
        try AtomicFile.write("old", to: path)
        chmod(path, 0o600)
        symlink("a", folder.path + "/link")
        try AtomicFile.write("new", to: folder.path + "/link")
        var status = stat()
        lstat(folder.path + "/link", &status)
        #expect(status.st_mode & S_IFMT == S_IFLNK)
        stat(path, &status)
        #expect(status.st_mode & 0o777 == 0o600)
        #expect(try AtomicFile.readText(path) == "new")
    }

    @Test func `hitting the file size limit is failed work, and the old file stays`() async {
        await #expect(processExitsWith: .success) {
            let folder = TemporaryFolder()
            let path = folder.path + "/a"
            try AtomicFile.write("old", to: path)
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 100_000, rlim_max: 100_000)
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            let error = #expect(throws: WorkError.self) {
                try AtomicFile.write([UInt8](repeating: 1, count: 1_000_000), to: path)
            }
            #expect(error?.description == "\(path): cannot write the file: file too large")
            #expect(try AtomicFile.readText(path) == "old")
            #expect(folder.names == ["a"])
        }
    }
}

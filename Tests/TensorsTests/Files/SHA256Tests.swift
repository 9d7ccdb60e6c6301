import CKernels
import Tensors
import TestKit
import Testing

@Suite struct SHA256Tests {
    // FIPS 180-4 example values and the NIST short-message vectors.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                + "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
        ),
    ])
    func `published vectors`(text: String, digest: String) {
        #expect(SHA256.hex(text) == digest)
    }

    @Test func `a million letters a, whole and in uneven pieces`() {
        let bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
        let digest = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        #expect(SHA256.hex(bytes) == digest)
        var hash = SHA256()
        var at = 0
        var step = 1
        while at < bytes.count {
            hash.update(Array(bytes[at..<min(bytes.count, at + step)]))
            (at, step) = (at + step, step + 1)
        }
        #expect(hash.hex() == digest)
    }

    @Test func `every length around a block boundary agrees with byte by byte`() {
        for count in 0...130 {
            let bytes = (0..<count).map { UInt8($0) }
            var hash = SHA256()
            for byte in bytes { hash.update([byte]) }
            #expect(hash.hex() == SHA256.hex(bytes))
        }
    }

    @Test func `with and without the processor's instructions alike`() {
        let bytes = Noise(seed: 1).uniform([5000]).values.map { UInt8($0 * 255) }
        let digest = SHA256.hex(bytes)
        ll_limit_instruction_set("portable")
        defer { ll_limit_instruction_set(nil) }
        #expect(SHA256.hex(bytes) == digest)
    }

    @Test func `a file's digest is that of its bytes`() throws {
        let folder = TemporaryFolder()
        try AtomicFile.write("abc", to: folder.path + "/a")
        try AtomicFile.write("", to: folder.path + "/b")
        #expect(try SHA256.hex(ofFile: folder.path + "/a") == SHA256.hex("abc"))
        #expect(try SHA256.hex(ofFile: folder.path + "/b") == SHA256.hex(""))
        #expect(throws: InputError.self) { try SHA256.hex(ofFile: folder.path + "/c") }
    }
}

import Glibc
import Tensors
import TestKit
import Testing

@Suite struct SafetensorsTests {
    static let golden =
        #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
        + "/Goldens/Files/reference.safetensors"

    /// A file with this header text and that many bytes behind it.
    private func file(_ header: String, _ count: Int) -> [UInt8] {
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + Array(header.utf8)
            + [UInt8](repeating: 1, count: count)
    }

    @Test func `the reference implementation's file is read`() throws {
        let file = try SafetensorsFile(SafetensorsTests.golden)
        #expect(file.metadata == ["format": "pt"])
        #expect(
            file.entries.map(\.name) == [
                "wide", "double", "a.single", "empty", "single", "é \"quoted\"", "narrow", "brain", "half",
                "ushort", "short",
                "eight", "bytes.8", "bytes", "mask",
            ])
        #expect(try file.entry("single").shape == [1, 2, 3])
        #expect(try file.entry("a.single").shape == [])
        #expect(try file.entry("empty").count == 0)
        func values<T>(_ name: String, _: T.Type) throws -> [T] {
            try file.withBytes(of: file.entry(name)) { bytes in
                stride(from: 0, to: bytes.count, by: MemoryLayout<T>.size).map {
                    bytes.loadUnaligned(fromByteOffset: $0, as: T.self)
                }
            }
        }
        #expect(try values("single", Float.self) == (0..<6).map { Float($0) / 7 })
        #expect(try values("double", Double.self) == (0..<6).map { Double($0) / 3 })
        #expect(try values("wide", Int64.self) == Array(-3..<3))
        #expect(try values("narrow", Int32.self) == Array(-3..<3))
        #expect(try values("bytes", UInt8.self) == (0..<6).map { UInt8($0 * 40) })
        #expect(try values("mask", UInt8.self) == [1, 0, 1, 0, 1, 0])
        #expect(try values("brain", UInt16.self)[0] == 0)
        #expect(try file.entry("brain").type == .bf16)
        #expect(
            throws: InputError(
                "tensor \"singel\" is missing", at: SafetensorsTests.golden, hint: "there is \"single\"")
        ) {
            try file.entry("singel")
        }
    }

    @Test func `writing the same tensors in any order gives the reference implementation's bytes`() throws {
        let file = try SafetensorsFile(SafetensorsTests.golden)
        for order in [file.entries.reversed(), file.entries.sorted { $0.name < $1.name }] {
            var writer = SafetensorsWriter()
            for entry in order {
                writer.add(entry.name, entry.type, entry.shape, bytes: Array(file.bytes(of: entry)))
            }
            let folder = TemporaryFolder()
            try writer.write(to: folder.path + "/a.safetensors", metadata: file.metadata)
            #expect(
                try AtomicFile.read(folder.path + "/a.safetensors")
                    == AtomicFile.read(SafetensorsTests.golden))
        }
    }

    @Test func `metadata always carries the format, and none is written when there is none`() throws {
        var writer = SafetensorsWriter()
        #expect(try writer.encoded() == file("{}      ", 0))
        #expect(
            try writer.encoded(metadata: ["step": "3"])
                == file("{\"__metadata__\":{\"format\":\"pt\",\"step\":\"3\"}}     ", 0))
        writer.add("a", .f32, [1]) { sink in
            for _ in 0..<4 { try [UInt8](repeating: 1, count: 1).withUnsafeBytes { try sink($0) } }
        }
        let bytes = try writer.encoded()
        #expect(bytes == file("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}  ", 4))
        #expect(try SafetensorsFile(copying: bytes, name: "a").entries.count == 1)
    }

    @Test func `a source that fails leaves no file`() throws {
        let folder = TemporaryFolder()
        var writer = SafetensorsWriter()
        writer.add("a", .u8, [1]) { _ in throw WorkError("no") }
        #expect(throws: WorkError("no")) { try writer.write(to: folder.path + "/a.safetensors") }
        #expect(folder.names == [])
    }

    @Test(arguments: [
        (
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}", 3,
            "f: bytes behind the last tensor; expected 2 bytes of tensors; found 3"
        ),
        (
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}", 1,
            "f: the file is cut off: tensor \"a\" ends beyond it; expected 2 bytes of tensors; found 1"
        ),
        (
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}", 3,
            "f: tensor \"a\" leaves a hole before it; expected offset 0; found 1"
        ),
        (
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
                + "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}",
            3,
            "f: tensor \"b\" overlaps another; expected offset 2; found 1"
        ),
        (
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,2]}}", 2,
            "f: tensor \"a\" has the wrong number of bytes for its shape; expected 8 for F32 [2]; found 2"
        ),
        (
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,0]}}", 0,
            "f: a: tensor size overflows; found shape [4611686018427387904, 4]"
        ),
        (
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[-1],\"data_offsets\":[0,0]}}", 0,
            "f: a.shape[0]: wrong value; expected an integer at least 0; found -1"
        ),
        (
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[2,1]}}", 0,
            "f: a.data_offsets: tensor ends before it begins; found [2, 1]"
        ),
        (
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[2]}}", 0,
            "f: a.data_offsets: wrong value; expected two offsets; found an array of 1"
        ),
        ("{\"a\":{\"shape\":[0],\"data_offsets\":[0,0]}}", 0, "f: a: the key \"dtype\" is missing"),
        ("{\"a\":{},\"a\":{}}", 0, "f, header:1:9: the key \"a\" occurs twice"),
        ("{\"__metadata__\":{\"a\":1}}", 0, "f: __metadata__.a: wrong value; expected a string; found 1"),
        (" {}", 0, "f: not a safetensors file: its header does not start with '{'"),
        ("", 0, "f: not a safetensors file: its header does not start with '{'"),
        ("{", 0, "f, header:1:2: the text ends early; expected a key in quotes"),
    ])
    func `a broken file is refused with what is wrong`(header: String, count: Int, message: String) {
        let error = #expect(throws: InputError.self) {
            try SafetensorsFile(copying: file(header, count), name: "f")
        }
        #expect(error?.description == message)
    }

    @Test func `an unknown element type lists the known ones`() {
        let error = #expect(throws: InputError.self) {
            try SafetensorsFile(
                copying: file("{\"a\":{\"dtype\":\"F4\",\"shape\":[2],\"data_offsets\":[0,1]}}", 1), name: "f"
            )
        }
        #expect(
            error?.description.hasPrefix("f: unsupported element type of tensor \"a\"; expected U64 I64")
                == true)
    }

    @Test func `lengths beyond the file or the cap are refused`() throws {
        #expect(throws: InputError.self) { try SafetensorsFile(copying: [1, 2, 3], name: "f") }
        #expect(throws: InputError.self) {
            try SafetensorsFile(copying: [255, 0, 0, 0, 0, 0, 0, 0, 123, 125], name: "f")
        }
        #expect(throws: InputError.self) {
            try SafetensorsFile(copying: [UInt8](repeating: 255, count: 100), name: "f")
        }
        let folder = TemporaryFolder()
        #expect(throws: InputError.self) { try SafetensorsFile(folder.path + "/none.safetensors") }
        #expect(throws: InputError.self) { try SafetensorsFile(folder.path) }
        try AtomicFile.write([], to: folder.path + "/empty")
        #expect(throws: InputError.self) { try SafetensorsFile(folder.path + "/empty") }
    }

    @Test func `shards are found through their index, and a wrong index is refused`() throws {
        let folder = TemporaryFolder()
        for (name, shard) in [("a", "m-00001-of-00002.safetensors"), ("b", "m-00002-of-00002.safetensors")] {
            var writer = SafetensorsWriter()
            writer.add(name, .u8, [1], bytes: Array(name.utf8))
            try writer.write(to: folder.path + "/" + shard)
        }
        let path = folder.path + "/m.safetensors.index.json"
        func index(_ map: JSON) throws {
            try AtomicFile.write(
                (["metadata": ["total_size": 2], "weight_map": map] as JSON).encoded(), to: path)
        }
        try index(["b": "m-00002-of-00002.safetensors", "a": "m-00001-of-00002.safetensors"])
        let model = try SafetensorsModel(path)
        #expect(model.entries.map(\.name) == ["b", "a"])
        let found = try #require(model["a"])
        #expect(Array(found.file.bytes(of: found.entry)) == Array("a".utf8))
        #expect(model["c"] == nil)
        try index(["a": "m-00001-of-00002.safetensors", "b": "m-00001-of-00002.safetensors"])
        #expect(throws: InputError.self) { try SafetensorsModel(path) }
        try index(["a": "../m-00001-of-00002.safetensors"])
        #expect(throws: InputError.self) { try SafetensorsModel(path) }
        try index(["a": "gone.safetensors"])
        #expect(throws: InputError.self) { try SafetensorsModel(path) }
        #expect(
            try SafetensorsModel(folder.path + "/m-00001-of-00002.safetensors").entries.map(\.name) == ["a"])
    }

    @Test func `ten thousand damaged files are read or refused`() throws {
        let valid = try AtomicFile.read(SafetensorsTests.golden)
        let headerEnd = 8 + Int(valid[0]) + Int(valid[1]) << 8
        var dice = Dice(state: 3)
        var refused = 0
        for round in 0..<10_000 {
            // Most accidents to the header: damage to the values themselves is invisible.
            let bytes =
                round % 8 == 0
                ? dice.damaged(valid) : dice.damaged(Array(valid[..<headerEnd])) + valid[headerEnd...]
            do {
                let file = try SafetensorsFile(copying: bytes, name: "f")
                for entry in file.entries {
                    #expect(file.bytes(of: entry).count == entry.count * entry.type.byteWidth)
                }
            } catch {
                refused += 1
            }
        }
        #expect((5000..<10_000).contains(refused))
    }
}

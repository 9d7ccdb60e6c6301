import Foundation
import Lab
import Tensors
import Testing

@Suite struct ExperimentFileTests {
    private func root(_ text: String, set: [String] = []) throws -> String {
        try ExperimentFile(text: text, path: "x.yaml", set: set).root.json()
    }

    private func message(_ text: String, set: [String] = []) -> String {
        do {
            return "no error: " + (try root(text, set: set))
        } catch let error as InputError {
            return error.description
        } catch {
            return "another error: \(error)"
        }
    }

    /// A folder with the given files, gone afterwards.
    private func withFiles(_ files: [String: String], _ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        for (name, text) in files {
            let path = folder + "/" + name
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try text.write(toFile: path, atomically: false, encoding: .utf8)
        }
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private func message(of body: () throws -> Void) -> String? {
        do { try body() } catch { return "\(error)" }
        return nil
    }

    @Test func `scalars keep the types they are written with`() throws {
        let text = "a: 20_000\nb: 1e-4\nc: 2.0e-4\nd: 1.\ne: yes\nf: true\ng: '7'\nh: 0-63\ni: [1, x]\nj: \"true\"\n"
        #expect(
            try root(text)
                == #"{"a": 20000, "b": 0.0001, "c": 0.0002, "d": 1.0, "e": "yes", "f": true, "g": "7", "h": "0-63", "#
                + #""i": [1, "x"], "j": "true"}"#)
    }

    @Test func `bases merge left to right, lists replace and null removes`() throws {
        try withFiles([
            "bases/a.yaml": "model: {dim: 8, depth: 2, drop: 0.1}\nlist: [1, 2]\nsize: 1\n",
            "bases/b.yaml": "model: {dim: 16}\nsize: 2\n",
            "e/x.yaml": "base: [../bases/a.yaml, ../bases/b.yaml]\nmodel: {depth: 4, drop: null}\nlist: [3]\n",
        ]) { folder in
            let file = try ExperimentFile(path: folder + "/e/x.yaml", set: ["model.heads=2", "train.steps=10_0"])
            #expect(
                file.root.json()
                    == #"{"model": {"dim": 16, "depth": 4, "heads": 2}, "list": [3], "size": 2, "train": {"steps": 100}}"#
            )
        }
    }

    @Test func `an unknown key from a base names the base and how to drop it`() throws {
        try withFiles(["base.yaml": "model:\n  momentum: 1\n", "x.yaml": "base: base.yaml\nmodel: {dim: 1}\n"]) {
            folder in
            let section = try ExperimentFile(path: folder + "/x.yaml").section()
            _ = try section.section("model").int("dim")
            #expect(
                message { try section.finish() }
                    == folder + "/base.yaml:2:3: unknown key 'model.momentum' "
                    + "(known keys: dim; it comes from a base, `momentum: null` drops it)")
        }
    }

    @Test func `bases in a circle, too deep or missing are errors at the line that names them`() throws {
        try withFiles([
            "a.yaml": "base: b.yaml\n", "b.yaml": "x: 1\nbase: a.yaml\n", "d0.yaml": "base: d1.yaml\n",
            "d1.yaml": "base: d2.yaml\n", "d2.yaml": "base: d3.yaml\n", "d3.yaml": "x: 1\n",
            "m.yaml": "base: none.yaml\n",
        ]) { folder in
            #expect(
                message { _ = try ExperimentFile(path: folder + "/a.yaml") }
                    == folder + "/b.yaml:2:7: bases go in a circle; found a.yaml")
            #expect(
                message { _ = try ExperimentFile(path: folder + "/d0.yaml") }
                    == folder
                    + "/d2.yaml:1:7: bases go too deep; expected at most 2 files below one another; found d3.yaml")
            let deepest = try ExperimentFile(path: folder + "/d1.yaml")
            #expect(deepest.root.json() == #"{"x": 1}"#)
            #expect(
                message { _ = try ExperimentFile(path: folder + "/m.yaml") }
                    == folder + "/m.yaml:1:7: base 'none.yaml': cannot open the file: no such file or directory")
        }
    }

    @Test func `references take values with their type and nothing is computed`() throws {
        let text = """
            data: {rate: 22_050, root: corpus, size: [8, 9]}
            codec: {rate: "${data.rate}", path: "${data.root}/a-${data.rate}", last: "${data.size.1}", all: "${data.size}"}
            plain: "$${x} costs $5"
            """
        #expect(
            try root(text)
                == #"{"data": {"rate": 22050, "root": "corpus", "size": [8, 9]}, "codec": {"rate": 22050, "#
                + #""path": "corpus/a-22050", "last": 9, "all": [8, 9]}, "plain": "${x} costs $5"}"#)
        #expect(message("a: ${b}\nb: ${a}\n") == "x.yaml:1:4: references go in a circle; found b -> a -> b")
        #expect(
            message("model: {depth: 1}\na: ${model.dept}\n")
                == "x.yaml:2:4: the reference ${model.dept} names nothing (did you mean ${model.depth}?)")
        #expect(
            message("m: {d: 1}\na: x-${m}\n")
                == "x.yaml:2:4: the reference ${m} stands inside text; expected a text or a number; "
                + "found a map with the key 'd'")
        #expect(message("a: 'x ${b'\n").hasPrefix("x.yaml:1:4: a reference without its closing brace"))
    }

    @Test func `what YAML could do beyond data is refused with its line`() {
        #expect(message("a: 1\nb: 2\na: 3\n") == "x.yaml:1:1: the key 'a' stands twice in one map")
        #expect(message("a: 1\n'1': 1\n1: 2\n") == "x.yaml:3:1: the key '1' stands twice in one map")
        #expect(message("a: !!python/tuple [1]\n").hasPrefix("x.yaml:1:4: tags are not supported"))
        #expect(message("a: !!str 1\n").hasPrefix("x.yaml:1:4: tags are not supported"))
        #expect(message("a: &x 1\nb: *x\n").hasPrefix("x.yaml:1:4: anchors and aliases are not supported"))
        #expect(message("<<: {a: 1}\n").hasPrefix("x.yaml:1:1: merge keys are not supported"))
        #expect(message("a: [1,\n").hasPrefix("x.yaml:"))
        #expect(message("- 1\n") == "x.yaml:1:1: not an experiment; expected a map of keys; found a list of 1")
        #expect(message("") == "x.yaml: not an experiment; expected a map of keys; found an empty file")
        #expect(message("a: 1\n---\nb: 2\n").hasPrefix("x.yaml:2:1: not valid YAML"))
        #expect(message("a: " + String(repeating: "[", count: 5000)).hasPrefix("x.yaml"))
        #expect(
            message("a: " + String(repeating: "[", count: 100) + String(repeating: "]", count: 100)).contains("deep"))
        #expect(message("a: \u{1}\n") == "x.yaml: a control character has no place in YAML; found byte 1 at offset 3")
    }

    @Test func `assignments are read as YAML and a wrong one is an error`() throws {
        #expect(
            try root(
                "a: {b: 1, c: 2}\n",
                set: ["a.b={x: [1, 2]}", "a.c=", "d.e=1e-3", "f=text: no".replacing(": ", with: "-")])
                == #"{"a": {"b": {"x": [1, 2]}}, "d": {"e": 0.001}, "f": "text-no"}"#)
        #expect(message("a: 1\n", set: ["a"]) == "--set a: not an assignment; expected key.path=value")
        #expect(message("a: 1\n", set: ["a.b=1"]) == "--set a.b: 'a' has no keys; found the integer 1")
        #expect(
            message("a: [1]\n", set: ["a.0=1"])
                == "--set a.0: 'a' is a list, which is replaced whole; expected a=[...]")
        #expect(message("a: 1\n", set: ["a=[1"]).hasPrefix("--set a: not valid YAML"))
        #expect(message("a: 1\n", set: [".=1"]).hasPrefix("--set .: not a key path"))
        #expect(message("a: 1\n", set: ["base=b.yaml"]).hasPrefix("--set base: 'base' is settled"))
    }

    @Test func `the fingerprint follows the meaning and not the spelling`() throws {
        func fingerprint(_ text: String) throws -> String { try ExperimentFile(text: text, path: "x.yaml").fingerprint }
        let one = try fingerprint("a: 1_000\nb: {c: [x], d: null}\n")
        let same = try fingerprint("b:\n  c:\n    - 'x'\na: 1000\n")
        let other = try fingerprint("a: 1001\nb: {c: [x]}\n")
        #expect(one == same)
        #expect(one != other)
        #expect(one.count == 64)
    }

    @Test func `written YAML reads back as the same value`() throws {
        let texts = [
            "", "a b", "yes", "true", "null", "1", "1e5", "-x", "#c", "a: b", "ü\n\t\"\\", "\u{85}", "${a}", "$$${a",
            "..", ".5", "0-63", "~",
        ]
        let strings = texts.map { ConfigurationValue(.string($0)) }
        let numbers = [0.1, 1e-5, 1e300, -0.0, 3, .infinity, -.infinity].map { ConfigurationValue(.number($0)) }
        let nowhere = ConfigurationPlace(file: "x")
        let inner = ConfigurationValue(
            .map([
                .init("k", at: nowhere, ConfigurationValue(.list(strings))),
                .init("e", at: nowhere, ConfigurationValue(.map([]))),
            ]))
        let value = ConfigurationValue(
            .map([
                .init("strings", at: nowhere, ConfigurationValue(.list(strings))),
                .init("numbers", at: nowhere, ConfigurationValue(.list(numbers))),
                .init("odd key: 1", at: nowhere, inner),
                .init(
                    "maps", at: nowhere,
                    ConfigurationValue(.list([inner, ConfigurationValue(.list([inner, inner])), inner]))),
                .init("true", at: nowhere, ConfigurationValue(.bool(true))),
                .init("none", at: nowhere, ConfigurationValue(.list([]))),
            ]))
        #expect(try ExperimentFile(text: value.yaml(), path: "y.yaml").root == value)
    }
}

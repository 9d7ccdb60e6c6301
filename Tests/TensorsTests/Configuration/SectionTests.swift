import Tensors
import Testing

@Suite struct SectionTests {
    private func value(_ content: ConfigurationValue.Content, _ line: Int = 1) -> ConfigurationValue {
        ConfigurationValue(content, at: ConfigurationPlace(file: "a.yaml", line: line, column: 7))
    }

    private func map(_ pairs: [(String, ConfigurationValue.Content)]) -> ConfigurationValue {
        let entries = pairs.enumerated().map { index, pair in
            ConfigurationValue.Entry(
                pair.0, at: ConfigurationPlace(file: "a.yaml", line: index + 1, column: 1), value(pair.1, index + 1))
        }
        return ConfigurationValue(.map(entries), at: ConfigurationPlace(file: "a.yaml", line: 1, column: 1))
    }

    private func section(_ pairs: [(String, ConfigurationValue.Content)]) throws -> Section { try Section(map(pairs)) }

    private func message(_ body: () throws -> Void) -> String? {
        do { try body() } catch { return "\(error)" }
        return nil
    }

    enum Cache: String, CaseIterable { case none, memory, latents }

    @Test func `typed reads give the values written and the defaults where nothing is written`() throws {
        let s = try section([
            ("steps", .int(20_000)), ("lr", .number(2e-4)), ("weight", .int(3)), ("name", .string("x")),
            ("fast", .bool(true)), ("betas", .list([value(.number(0.9)), value(.int(1))])),
            ("cache", .string("latents")),
            ("gone", .null), ("seeds", .string("3-6")),
        ])
        #expect(try s.int("steps", in: 1...) == 20_000)
        #expect(try s.number("lr", in: Section.positive) == 2e-4)
        #expect(try s.number("weight") == 3)
        #expect(try s.string("name") == "x")
        #expect(try s.bool("fast", default: false))
        #expect(try s.numbers("betas") == [0.9, 1])
        #expect(try s.choice("cache", as: Cache.self) == .latents)
        #expect(try s.int("gone", default: 5) == 5)
        #expect(try s.optionalNumber("clip") == nil)
        #expect(try s.seeds("seeds") == [3, 4, 5, 6])
        #expect(try s.strings("metrics", default: ["nll"]) == ["nll"])
        #expect(try s.float("floor", default: 0.1) == 0.1)
        try s.finish()
        #expect(
            s.resolved.json()
                == #"{"steps": 20000, "lr": 0.0002, "weight": 3.0, "name": "x", "fast": true, "betas": [0.9, 1.0], "#
                + #""cache": "latents", "gone": 5, "clip": null, "seeds": "3-6", "metrics": ["nll"], "floor": 0.1}"#)
    }

    @Test func `an error says place, key path, expectation and finding`() throws {
        let s = try section([
            ("steps", .string("many")), ("lr", .number(.infinity)), ("depth", .int(0)), ("cache", .string("latent")),
            ("betas", .list([value(.string("a"), 9)])),
        ])
        #expect(
            message { _ = try s.int("steps", in: 1...) }
                == "a.yaml:1:7: 'steps' has the wrong type; expected an integer of at least 1; found the text \"many\"")
        #expect(
            message { _ = try s.number("lr", in: Section.positive) }
                == "a.yaml:2:7: 'lr' is out of range; expected a finite number above 0; found inf")
        #expect(
            message { _ = try s.int("depth", in: 1...8) }
                == "a.yaml:3:7: 'depth' is out of range; expected an integer from 1 to 8; found 0")
        #expect(
            message { _ = try s.choice("cache", as: Cache.self) }
                == "a.yaml:4:7: 'cache' is not a known name; expected one of none, memory, latents; found 'latent' "
                + "(did you mean 'latents'?)")
        #expect(
            message { _ = try s.numbers("betas") }
                == "a.yaml:9:7: 'betas' has the wrong type; expected a list of numbers; found the text \"a\"")
        #expect(message { _ = try s.string("title") } == "a.yaml:1:1: 'title' is missing; expected a text")
    }

    @Test func `unread keys are refused at any depth with the nearest known one`() throws {
        let inner = map([("lr", .number(1)), ("weight_decy", .number(0.1))])
        let s = try section([("optimizer", inner.content)])
        let optimizer = try s.section("optimizer")
        _ = try optimizer.number("lr")
        _ = try optimizer.number("weight_decay", default: 0)
        #expect(
            message { try s.finish() }
                == "a.yaml:2:1: unknown key 'optimizer.weight_decy' (did you mean 'weight_decay'?)")
        let t = try section([("zebra", .int(1))])
        _ = try t.int("steps", default: 1)
        _ = try t.int("depth", default: 1)
        #expect(message { try t.finish() } == "a.yaml:1:1: unknown key 'zebra' (known keys: steps, depth)")
    }

    @Test func `a missing section is filled with defaults and a required key in it is named`() throws {
        let s = try section([])
        let train = try s.section("train")
        #expect(try train.int("steps", default: 10) == 10)
        #expect(message { _ = try train.int("batch") } == "a.yaml:1:1: 'train.batch' is missing; expected an integer")
        #expect(try s.optionalSection("eval") == nil)
        #expect(s.resolved.json() == #"{"train": {"steps": 10}, "eval": null}"#)
    }

    @Test func `integers beyond a double and numbers with underscores are told apart by spelling`() {
        func parsed(_ text: String) -> ConfigurationValue.Content { ConfigurationValue.plainScalar(text) }
        #expect(parsed("20_000") == .int(20_000))
        #expect(parsed("-7") == .int(-7))
        #expect(parsed("1e-4") == .number(1e-4))
        #expect(parsed("2.0e-4") == .number(2e-4))
        #expect(parsed("1.") == .number(1))
        #expect(parsed(".5") == .number(0.5))
        #expect(parsed("1_000.5") == .number(1000.5))
        for text in [
            "1__0", "_1", "1_", "0x10", "1:30", "0-63", "yes", "on", ".", "e5", "1e", "+", "99999999999999999999",
        ] {
            #expect(parsed(text) == .string(text))
        }
    }

    @Test func `a path is seen from the file that states it and written relative to the file to be made`() throws {
        let place = ConfigurationPlace(file: "/lab/Experiments/x.yaml", line: 2, column: 3)
        let stated = ConfigurationValue(.string("../data/./a.csv"), at: place)
        let s = try Section(ConfigurationValue(.map([.init("csv", at: place, stated)]), at: place))
        #expect(try s.path("csv") == "/lab/data/a.csv")
        #expect(s.resolved.yaml(relativeTo: "/lab/runs/x") == "csv: ../../data/a.csv\n")
        #expect(s.resolved.json(relativeTo: "/lab/data/a.csv") == #"{"csv": "."}"#)
    }

    @Test func `the canonical form ignores key order and nulls but no value`() {
        let a = map([("a", .int(1)), ("b", .null), ("c", .number(1))])
        let b = map([("c", .number(1)), ("a", .int(1))])
        let c = map([("c", .number(2)), ("a", .int(1))])
        #expect(a.canonicalBytes() == b.canonicalBytes())
        #expect(a.canonicalBytes() != c.canonicalBytes())
    }
}

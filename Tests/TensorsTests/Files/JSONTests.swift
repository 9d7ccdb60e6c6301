import Tensors
import TestKit
import Testing

@Suite struct JSONTests {
    @Test func `every kind of value is read, in order`() throws {
        let text =
            #" {"b": [1, -2.5, 1e3, 9223372036854775807, 9223372036854775808],"#
            + #" "a": {"x": null, "y": true, "z": false}, "": ""} "#
        let json = try JSON.parse(text, file: "a.json")
        #expect(
            json == [
                "b": [1, -2.5, .number(1000), .int(.max), .number(9_223_372_036_854_775_808)],
                "a": ["x": nil, "y": true, "z": false], "": "",
            ])
        #expect(json.object?.map(\.key) == ["b", "a", ""])
        #expect(json["b"]?[2]?.int == 1000)
        #expect(json["b"]?[1]?.int == nil)
        #expect(json["b"]?[0]?.number == 1)
        #expect(json["a"]?["y"]?.bool == true)
        #expect(json["c"] == nil)
        #expect(json["b"]?[9] == nil)
    }

    @Test func `escapes become their characters`() throws {
        let json = try JSON.parse(#""\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00é😀\u0000""#, file: "a")
        #expect(json.string == "\"\\/\u{8}\u{C}\n\r\tA\u{e9}😀é😀\0")
    }

    @Test(arguments: [
        ("", "a:1:1: the text ends early; expected a value"),
        ("{\"a\": 1,\n \"é\": 2,\n \"è\" x}", "a:3:6: unexpected character; expected ':'; found 'x'"),
        ("{\"a\":1,\"b\":{\"c\":1,\"c\":2}}", "a:1:19: the key \"c\" occurs twice"),
        ("[1,]", "a:1:4: unexpected character; expected a value; found ']'"),
        ("[1 2]", "a:1:4: unexpected character; expected ',' or ']'; found '2'"),
        ("{\"a\":1,}", "a:1:8: unexpected character; expected a key in quotes; found '}'"),
        ("{a:1}", "a:1:2: unexpected character; expected a key in quotes; found 'a'"),
        ("1 1", "a:1:3: text after the end of the document; found '1'"),
        ("01", "a:1:1: a number starts with a needless zero"),
        ("-", "a:1:2: the text ends early; expected a digit"),
        ("1.", "a:1:3: the text ends early; expected a digit"),
        ("[1e]", "a:1:4: unexpected character; expected a digit; found ']'"),
        ("1e999", "a:1:1: the number is out of range; found 1e999"),
        ("\"a", "a:1:1: a string has no closing quote"),
        ("\"a\nb\"", "a:1:3: a control character inside a string; found byte 10 (escape it)"),
        (#""\x""#, #"a:1:3: unknown escape; expected one of \" \\ \/ \b \f \n \r \t \u; found 'x'"#),
        (#""\ud83d""#, "a:1:2: half a surrogate pair"),
        (#""\ude00""#, "a:1:2: half a surrogate pair"),
        (#""\u12g4""#, "a:1:6: unexpected character; expected four hexadecimal digits; found 'g'"),
        ("nul", "a:1:1: unknown word; expected true, false, null or a value in quotes; found 'n'"),
        ("\u{FEFF}1", "a:1:1: the text starts with a byte-order mark"),
        ("NaN", "a:1:1: unexpected character; expected a value; found 'N'"),
    ])
    func `a mistake is named with its line and column`(text: String, message: String) {
        #expect(throws: (any Error).self) { try JSON.parse(text, file: "a") }
        do {
            _ = try JSON.parse(text, file: "a")
        } catch {
            #expect(error.description == message)
        }
    }

    @Test(
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
            [0x22, 0xE2, 0x82, 0x22],
            [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0x22, 0x80, 0x22], [0x22, 0xF0, 0x8F, 0xBF, 0xBF, 0x22],
        ] as [[UInt8]])
    func `bytes that are not UTF-8 are refused where they are`(bytes: [UInt8]) {
        #expect(throws: InputError("the text is not valid UTF-8", at: "a:1:2")) {
            try JSON.parse(bytes, file: "a")
        }
    }

    @Test func `the same character spelled two ways makes two keys`() throws {
        let json = try JSON.parse("{\"\u{e9}\": 1, \"e\u{301}\": 2}", file: "a")
        #expect(json["\u{e9}"]?.int == 1)
        #expect(json["e\u{301}"]?.int == 2)
    }

    @Test func `a duplicate is found among many keys`() {
        let keys = (0..<100).map { "\"k\($0)\":0" }.joined(separator: ",")
        #expect(throws: Never.self) { try JSON.parse("{\(keys)}", file: "a") }
        for twice in [0, 7, 8, 9, 99] {
            #expect(throws: InputError.self) { try JSON.parse("{\(keys),\"k\(twice)\":1}", file: "a") }
        }
    }

    @Test func `nesting of 128 is read and 129 is refused`() {
        func nested(_ n: Int) -> String {
            String(repeating: "[", count: n) + String(repeating: "]", count: n)
        }
        #expect(throws: Never.self) { try JSON.parse(nested(128), file: "a") }
        #expect(throws: InputError("nested deeper than 128 levels", at: "a:1:129")) {
            try JSON.parse(nested(129), file: "a")
        }
        #expect(throws: InputError.self) {
            try JSON.parse(String(repeating: "{\"a\":", count: 100_000), file: "a")
        }
    }

    @Test func `writing is stable, compact or pretty`() throws {
        let json: JSON = ["b": [1, 0.1, [], [:]], "a": ["x": nil, "y": "\"\\\n\u{1}\u{1f}é/"], "t": true]
        #expect(json.encoded() == #"{"b":[1,0.1,[],{}],"a":{"x":null,"y":"\"\\\n\u0001\u001fé/"},"t":true}"#)
        #expect(
            json.encoded(pretty: true) == """
                {
                  "b": [
                    1,
                    0.1,
                    [],
                    {}
                  ],
                  "a": {
                    "x": null,
                    "y": "\\"\\\\\\n\\u0001\\u001fé/"
                  },
                  "t": true
                }

                """)
        #expect(try JSON.parse(json.encoded(pretty: true), file: "a") == json)
    }

    @Test func `numbers read back exactly`() throws {
        var dice = Dice(state: 1)
        var values = [
            0.0, -0.0, .leastNonzeroMagnitude, 1.7976931348623157e308, 1e16, 123_456_789_012_345_680, 1e-7,
        ]
        while values.count < 5000 {
            let value = Double(bitPattern: dice.next())
            if value.isFinite { values.append(value) }
        }
        let back = try JSON.parse(JSON.array(values.map { JSON($0) }).encoded(), file: "a")
        #expect(back.array?.map { $0.number?.bitPattern } == values.map(\.bitPattern))
        #expect(JSON(Float(0.1)).encoded() == "0.1")
        #expect(try JSON.parse("-0", file: "a").number?.sign == .minus)
    }

    @Test func `a number without a JSON form is a programming mistake`() async {
        await #expect(processExitsWith: .failure) { _ = JSON.number(.nan).encoded() }
    }

    @Test func `strict look-ups name the file and the key path`() throws {
        let json = try JSON.parse(
            #"{"model": {"layers": [{"width": "x", "depth": 3}], "kind": "ditt"}}"#, file: "c.json")
        let layer = try JSONField(json, in: "c.json").field("model").field("layers").elements()[0]
        #expect(try layer.field("depth").int(in: 1...3) == 3)
        #expect(
            throws: InputError(
                "wrong value", at: "c.json: model.layers[0].width", expected: "an integer", found: "\"x\"")
        ) {
            try layer.field("width").int()
        }
        #expect(
            throws: InputError(
                "wrong value", at: "c.json: model.layers[0].depth", expected: "an integer in 4...5",
                found: "3")
        ) {
            try layer.field("depth").int(in: 4...5)
        }
        #expect(
            throws: InputError(
                "the key \"widht\" is missing", at: "c.json: model.layers[0]", hint: "there is \"width\"")
        ) {
            try layer.field("widht")
        }
        #expect(throws: InputError("the key \"modle\" is missing", at: "c.json", hint: "there is \"model\"")) {
            try json.field("modle", in: "c.json")
        }
        #expect(
            throws: InputError(
                "unknown value", at: "c.json: model.kind", expected: "dit, unet", found: "\"ditt\"",
                hint: "did you mean \"dit\"?")
        ) {
            try json.field("model", in: "c.json").field("kind").string(oneOf: ["dit", "unet"])
        }
        #expect(try layer.optional("nothing")?.int() == nil)
    }

    @Test func `setting replaces in place or adds at the end`() {
        let json: JSON = ["a": 1, "b": 2]
        #expect(json.setting("a", to: 3).setting("c", to: 4).encoded() == #"{"a":3,"b":2,"c":4}"#)
    }

    @Test func `ten thousand damaged documents are read or refused`() throws {
        let valid = Array(
            (#"{"version":"1.0","model":{"vocab":{"a":0,"\u0120b":1,"é😀":2},"#
                + #""merges":[["a","b"],["\"","\\"]]},"#
                + #""f":[1.5e-3,-0,12345678901234567890,null,true,false],"n":[[[[{}]]]],"s":"line\nend"}"#)
                .utf8)
        #expect(throws: Never.self) { try JSON.parse(valid, file: "a") }
        var dice = Dice(state: 7)
        var refused = 0
        for _ in 0..<10_000 {
            let bytes = dice.damaged(valid)
            do {
                let json = try JSON.parse(bytes, file: "a")
                #expect(try JSON.parse(json.encoded(), file: "b") == json)
            } catch {
                refused += 1
            }
        }
        #expect((1000..<10_000).contains(refused))
    }
}

import Networks
import Tensors
import TestKit
import Testing

@Suite struct BERTTests {
    let golden = Golden("bert")
    var ids: Tokens { golden.tokens("ids") }
    var mask: Tensor { Tensor(golden.tokens("mask").values.map(Float.init), ids.shape) }

    @Test func `every hidden state agrees with transformers, padded positions too`() throws {
        let folder = try BERTFolder()
        let encoder = try BERTEncoder.load(folder.path)
        let states = encoder.states(ids, mask: mask)
        #expect(states.count == 3)
        for (i, state) in states.enumerated() {
            expectClose(state, golden["layer.\(i)"], relative: 1e-5, "layer \(i)")
        }
        expectClose(encoder(ids, mask: mask), golden["hidden"], relative: 1e-5, "last")
    }

    @Test func `files of whole models, prefixed and with old names of norms, are the same encoder`() throws {
        let extra = [
            "cls.predictions.bias": Tensor.ones([60]), "bert.embeddings.position_ids": .arange(16).reshaped([1, 16]),
            "classifier.weight": .ones([2, 32]),
        ]
        let folder = try BERTFolder(extra: extra) { name, value in
            var name = "bert." + name
            for (now, before) in [("weight", "gamma"), ("bias", "beta")] where name.hasSuffix("LayerNorm." + now) {
                name = name.dropLast(now.count) + before
            }
            return (name, value)
        }
        let names = try SafetensorsFile(folder.path + "/model.safetensors").entries.map(\.name)
        #expect(names.contains("bert.encoder.layer.1.output.LayerNorm.gamma"))
        #expect(!names.contains { $0.hasSuffix("LayerNorm.bias") })
        let plain = try BERTFolder()
        expectIdentical(
            try BERTEncoder.load(folder.path)(ids, mask: mask), try BERTEncoder.load(plain.path)(ids, mask: mask))
    }

    @Test func `token types are told apart and are 0 unless given`() throws {
        let folder = try BERTFolder()
        let encoder = try BERTEncoder.load(folder.path)
        func types(_ type: Int32) -> Tokens { Tokens([Int32](repeating: type, count: 27), [3, 9]) }
        expectIdentical(encoder(ids, types: types(0)), encoder(ids))
        // A second type is a shift of every word: the same encoder whose first type is the second one says the same.
        let swapped = try BERTFolder { name, value in
            name.contains("token_type")
                ? (name, concatenated([value.slice(0, 1..<2), value.slice(0, 0..<1)], axis: 0)) : (name, value)
        }
        expectIdentical(encoder(ids, types: types(1)), try BERTEncoder.load(swapped.path)(ids))
        #expect(encoder(ids, types: types(1)).values != encoder(ids).values)
    }

    @Test func `the tanh form of GELU is another function`() throws {
        let (exact, tanh) = (try BERTFolder(), try BERTFolder(changing: ["hidden_act": "gelu_new"]))
        let (a, b) = (try BERTEncoder.load(exact.path)(ids), try BERTEncoder.load(tanh.path)(ids))
        #expect(a.values != b.values)
        expectClose(a, b, relative: 1e-2)
    }

    @Test(
        arguments: [
            ("model_type", "roberta", "model_type"), ("model_type", nil, "model_type"),
            ("hidden_size", nil, "hidden_size"),
            ("num_attention_heads", 5, "num_attention_heads"), ("num_hidden_layers", -1, "num_hidden_layers"),
            ("position_embedding_type", "relative_key", "position_embedding_type"), ("is_decoder", true, "is_decoder"),
            ("hidden_act", "mish", "hidden_act"), ("layer_norm_eps", 0.0, "layer_norm_eps"),
            ("vocab_size", "60", "vocab_size"),
            ("intermediate_size", 1e300, "intermediate_size"),
        ] as [(String, JSON?, String)])
    func `a configuration it cannot be is refused by name`(key: String, value: JSON?, named: String) throws {
        let folder = try BERTFolder(changing: [key: value])
        let error = try #require(throws: InputError.self) { try BERTEncoder.load(folder.path) }
        #expect(error.description.hasPrefix(folder.path + "/config.json"))
        #expect(error.description.contains(named))
    }

    @Test func `a tensor that is missing, misshapen or left over is named with its file`() throws {
        let query = "encoder.layer.1.attention.self.query.weight"
        func complaint(_ folder: BERTFolder) throws -> String {
            let error = try #require(throws: InputError.self) { try BERTEncoder.load(folder.path) }
            #expect(error.description.hasPrefix(folder.path + "/model.safetensors"))
            return error.description
        }
        let missing = try complaint(try BERTFolder { $0 == query ? nil : ($0, $1) })
        #expect(missing.contains("\"\(query)\" is missing"))
        let misshapen = try complaint(try BERTFolder { ($0, $0 == query ? $1.slice(0, 0..<31) : $1) })
        #expect(
            misshapen.contains("\"\(query)\" does not fit") && misshapen.contains("[32, 32]")
                && misshapen.contains("[31, 32]"))
        let leftOver = try complaint(try BERTFolder(changing: ["num_hidden_layers": 1]))
        #expect(leftOver.contains("encoder.layer.1.") && leftOver.contains("not part"))
        let tooDeep = try complaint(try BERTFolder(changing: ["num_hidden_layers": 3]))
        #expect(tooDeep.contains("encoder.layer.2."))
        // Would be 4 TiB of vectors, were the shapes not compared first.
        let huge = try complaint(try BERTFolder(changing: ["vocab_size": 16_777_216, "hidden_size": 65_536]))
        #expect(huge.contains("embeddings.word_embeddings.weight"))
    }

    @Test func `a folder without files says which`() {
        let error = #expect(throws: InputError.self) { try BERTEncoder.load("/nowhere/bert") }
        #expect(error?.description.contains("/nowhere/bert/config.json") == true)
    }
}

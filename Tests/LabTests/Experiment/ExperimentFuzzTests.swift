import Lab
import Tensors
import TestKit
import Testing

@Suite struct ExperimentFuzzTests {
    private let recipe = """
        version: 1
        name: diffsound-caps-small
        seed: 7
        data:
          train: {kind: audiocaps, csv: data/train.csv, sample_rate: 22_050, seconds: 10}
          cache: latents   # none | memory | latents
        model: {kind: dit, dim: 512, heads: 8, norm: "ada_layer", same: "${data.cache}"}
        train:
          optimizer: {kind: adamw, lr: 2.0e-4, betas: [0.9, 0.96]}
          notes: |
            two lines
            of text
          prompts: ["dog barks, then a car passes", 'x ${seed} y']
        track: [jsonl, tensorboard]
        """

    /// Cuts, doubles, swaps and peppers bytes; a third of the results are not even UTF-8 safe and become replacement characters.
    private func mutated(_ random: inout Dice) -> String {
        var bytes = Array(recipe.utf8)
        for _ in 0...Int.random(in: 0..<6, using: &random) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &random)
            let end = min(bytes.count, at + Int.random(in: 1..<20, using: &random))
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes.removeSubrange(at..<end)
            case 1: bytes.insert(contentsOf: bytes[at..<end], at: Int.random(in: 0...bytes.count, using: &random))
            case 2: bytes[at] = UInt8.random(in: 0...255, using: &random)
            case 3: bytes.insert(Array("[]{}:,&*!|>'\"%@`#-?\n\t $".utf8).randomElement(using: &random)!, at: at)
            default:
                bytes.insert(
                    contentsOf: Array(
                        ["${", "base: ", "<<: ", "- - ", "*a", "&a ", "!!x ", "...\n", "---\n", "? "].randomElement(
                            using: &random)!.utf8), at: at)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `ten thousand damaged recipes are read or refused, and what is read survives writing`() throws {
        var random = Dice(state: 2024)
        var read = 0
        var refused = 0
        for _ in 0..<10_000 {
            let text = mutated(&random)
            do {
                let value = try ExperimentFile(text: text, path: "no-such-folder/x.yaml").root
                read += 1
                let again = try ExperimentFile(text: value.yaml(), path: "y.yaml").root
                #expect(again == value, "\(text)")
            } catch is InputError {
                refused += 1
            }
        }
        #expect(read > 1000 && refused > 1000, "\(read) read, \(refused) refused")
    }
}

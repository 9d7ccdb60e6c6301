import Media
import Tensors
import Training

/// The folder of a published model and its tokenizer, which a model of ours uses as they are and keeps a copy of under `text/`.
struct PublishedModel {
    let folder: String
    let tokenizer: any PipelineTokenizer
    /// Hash of the three files that it is.
    let fingerprint: String
    private static let files = ["config.json", "model.safetensors"]

    /// - Parameter vocabulary: tokens that its network knows.
    init(_ folder: String, vocabulary: Int) throws {
        self.folder = folder
        tokenizer = try Tokenizers.load(folder)
        guard tokenizer.vocabularySize <= vocabulary else {
            throw InputError(
                "the tokenizer does not belong to the network", at: folder, expected: "at most vocab_size = \(vocabulary) tokens",
                found: "\(tokenizer.vocabularySize)")
        }
        var hash = SHA256()
        for name in Self.files { hash.update("\(name) \(try SHA256.hex(ofFile: folder + "/" + name))\n") }
        hash.update("tokenizer.json \(SHA256.hex(tokenizer.definition.encodedBytes(pretty: true)))\n")
        fingerprint = hash.hex()
    }

    /// Refuses another than the one that a model directory's section names.
    func check(_ section: Section) throws {
        if let wanted = try section.optionalString("fingerprint"), wanted != fingerprint {
            throw section.error(
                "fingerprint", "is of another network", expected: String(wanted.prefix(12)),
                found: String(fingerprint.prefix(12)), hint: "the model learned with one that is not this one")
        }
    }

    /// The network's own files, and its tokenizer always as `tokenizer.json`: the copy has the same fingerprint.
    func write(to folder: String) throws {
        let target = folder + "/text"
        try Folder.create(target)
        for name in Self.files {
            try AtomicFile.write(try AtomicFile.read(self.folder + "/" + name), to: target + "/" + name)
        }
        try tokenizer.save(to: target + "/tokenizer.json")
    }

    /// A section with a reference to the copy under `key`.
    func configuration(_ section: ConfigurationValue, as key: String) -> ConfigurationValue {
        section.setting(key, .reference(to: "text", fingerprint, at: section.place))
    }
}

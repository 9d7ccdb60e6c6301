import Tensors

/// Captions of pictures as COCO publishes them, `captions_train2017.json`: an example a caption, with its picture where the folder of the
/// pictures is given (Chen et al. 2015, arXiv 1504.00325).
public struct COCOCaptions: Dataset {
    public struct Entry: Sendable, Equatable {
        public let fileName: String
        public let caption: String
    }

    public let entries: [Entry]
    /// Pictures that captions name and the folder lacks.
    public let missing: [String]
    private let pictures: String?
    private let preparation: ImageFolder.Preparation

    public var count: Int { entries.count }
    public var remarks: [String] { Self.counted(missing, "pictures that are not in \(pictures ?? "")") }

    public init(_ path: String, pictures: String? = nil, preparation: ImageFolder.Preparation = ImageFolder.Preparation()) throws
    {
        let root = JSONField(try JSON.read(path), in: path)
        var names: [Int: String] = [:]
        for image in try root.field("images").elements() {
            names[try image.field("id").int(in: Int.min...Int.max)] = try image.field("file_name").string()
        }
        var entries: [Entry] = []
        for row in try root.field("annotations").elements() {
            guard let name = names[try row.field("image_id").int(in: Int.min...Int.max)] else {
                throw try row.field("image_id").mismatch("the id of one of \(names.count) images")
            }
            entries.append(Entry(fileName: name, caption: trimmed(try row.field("caption").string())))
        }
        if let pictures {
            guard folderExists(pictures) else { throw InputError("no such folder", at: pictures) }
            let present = Set(try listFiles(under: pictures))
            missing = Set(entries.map(\.fileName)).subtracting(present).sorted()
            entries.removeAll { !present.contains($0.fileName) }
        } else {
            missing = []
        }
        if entries.isEmpty { throw InputError("holds no captions of pictures that are there", at: path) }
        self.entries = entries
        self.pictures = pictures
        self.preparation = preparation
    }

    public func example(_ index: Int, epoch: Int) throws -> Example {
        var example = words(index, epoch: epoch)
        if let pictures {
            example.picture = try preparation.prepared(
                Picture.read(pictures + "/" + entries[index].fileName), index: index, epoch: epoch)
        }
        return example
    }

    public func words(_ index: Int, epoch: Int) -> Example {
        let entry = entries[index]
        return Example(caption: entry.caption, text: entry.caption, name: entry.fileName)
    }
}

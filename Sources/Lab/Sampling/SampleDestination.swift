import Systems
import Tensors
import Training

/// Where `latentlab sample` puts what it draws: a folder with a file for each sample, or one file.
struct SampleDestination {
    private let out: String
    private let isFile: Bool
    private let isNew: Bool

    /// Throws where nothing can be written, leaving no folder behind, and where several samples would go into one file.
    ///
    /// - Parameters:
    ///   - noun: what a sample is, and `folder` what to name where there are several.
    ///   - others: files that are written as well.
    init(
        _ out: String, isFile: Bool, total: Int, noun: String, expecting folder: String, beside others: [String?]
    ) throws {
        if isFile && total > 1 {
            throw InputError(
                "several samples into one \(noun)", at: "--out \(out)", expected: folder, found: "\(total) samples")
        }
        (self.out, self.isFile) = (out, isFile)
        isNew = !isFile && !Folder.exists(out)
        if isFile { try OutputPath.check(out) } else { try Folder.create(out) }
        do { for other in others.compactMap({ $0 }) { try OutputPath.check(other) } } catch {
            close()
            throw error
        }
    }

    func path(of sample: Sample, _ ending: String) -> String {
        isFile ? out : "\(out)/\(sample.promptIndex)-\(sample.seed).\(ending)"
    }

    /// What could not be drawn leaves nothing behind; a folder that holds something is not removed.
    func close() { if isNew { Folder.removeIfEmpty(out) } }
}

extension Sample {
    /// One object of a `.jsonl` file and the end of its line: `{"prompt_index", "seed", "prompt", ...}`; what is told nothing has no
    /// prompt.
    func line(_ key: String, _ value: JSON) -> String {
        var members: [(String, JSON)] = [("prompt_index", JSON(promptIndex)), ("seed", JSON(Int(seed)))]
        if let prompt { members.append(("prompt", JSON(prompt))) }
        return JSON.object(members + [(key, value)]).encoded() + "\n"
    }
}

extension SampleRequest {
    /// Samples that it asks for.
    var total: Int { max(1, prompts.count, classes.count, pictures.count, infills.count) * seeds.count }
}

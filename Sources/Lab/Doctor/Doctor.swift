import Foundation
import Systems
import Tensors
import Training

/// `latentlab doctor`: what this machine and installation are, and whether they work.
public struct Doctor {
    public enum Verdict: String, Sendable { case fine, note, broken }

    public struct Finding: Sendable {
        public var name: String
        public var verdict: Verdict
        public var text: String

        public var json: JSON {
            .object([("name", JSON(name)), ("verdict", JSON(verdict.rawValue)), ("text", JSON(text))])
        }
    }

    public init() {}

    public func findings() -> [Finding] { machine() + arithmetic() + assets() }

    private func machine() -> [Finding] {
        func fact(_ name: String, _ text: String) -> Finding { Finding(name: name, verdict: .fine, text: text) }
        var found = [
            fact("latentlab", Version.current), fact("processor", processor), fact("instructions", Compute.instructionSet),
            fact("openblas", Compute.blasKernel), fact("onednn", Compute.dnnl), fact("threads", "\(Compute.threads)"),
            fact("bf16", Compute.hasBF16 ? "in hardware" : "not in hardware: f32 is used where speed decides"),
        ]
        let waiting = ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT"].compactMap { name in
            ProcessInfo.processInfo.environment[name].map { "\(name)=\($0)" }
        }
        found.append(fact("waiting", waiting.isEmpty ? "libgomp's default" : waiting.joined(separator: " ")))
        return found
    }

    private var processor: String {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
    }

    private func arithmetic() -> [Finding] {
        func check(_ name: String, _ works: Bool, _ claim: String) -> Finding {
            Finding(name: name, verdict: works ? .fine : .broken, text: works ? claim : "wrong: " + claim + " does not hold")
        }
        var found = [
            check("pool", Compute.poolRunsEveryTaskOnce(), "every task runs once"),
            check("product", Compute.productIsExact(.f32), "a product of whole numbers is exact"),
            check("convolution", Compute.convolutionIsExact(), "a convolution of whole numbers is exact"),
        ]
        if Compute.hasBF16 {
            found.append(check("bf16 product", Compute.productIsExact(.bf16), "a bf16 product of small whole numbers is exact"))
        }
        return found
    }

    // MARK: - Assets

    /// Models that load, with the codecs they were trained for, and every file that the list of hashes names.
    private func assets() -> [Finding] {
        let folder = Assets.folder
        guard Folder.exists(folder) else {
            return [Finding(name: "assets", verdict: .note, text: "none found; LATENTLAB_ASSETS names their folder")]
        }
        var found = [Finding(name: "assets", verdict: .fine, text: folder)]
        for (name, folder) in Assets.shipped {
            do {
                let loaded = try ModelDirectory.load(folder)
                let count = loaded.system.model.parameterCount
                found.append(
                    Finding(
                        name: "model \(name)", verdict: .fine,
                        text: "\(count) parameters, fingerprint \(loaded.fingerprint.prefix(12))"))
            } catch { found.append(Finding(name: "model \(name)", verdict: .broken, text: "\(error)")) }
        }
        return found + hashes(of: folder)
    }

    /// Checks `SHA256SUMS`, which `sha256sum` can check as well.
    private func hashes(of folder: String) -> [Finding] {
        let list = folder + "/SHA256SUMS"
        guard Folder.exists(list) else {
            return [Finding(name: "hashes", verdict: .note, text: "no SHA256SUMS beside the assets: files are not checked")]
        }
        var faults: [String] = []
        var count = 0
        do {
            for line in try AtomicFile.readText(list).split(separator: "\n") {
                let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
                let file = parts.last.map { $0.drop { $0 == " " || $0 == "*" } } ?? ""
                count += 1
                guard parts.count == 2, let hash = try? SHA256.hex(ofFile: "\(folder)/\(file)") else {
                    faults.append("\(file) cannot be read")
                    continue
                }
                if hash != parts[0] { faults.append("\(file) differs") }
            }
        } catch { faults.append("\(error)") }
        return [
            faults.isEmpty
                ? Finding(name: "hashes", verdict: .fine, text: "\(count) files as shipped")
                : Finding(name: "hashes", verdict: .broken, text: faults.joined(separator: ", "))
        ]
    }
}

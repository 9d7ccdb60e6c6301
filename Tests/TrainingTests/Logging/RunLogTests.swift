import Foundation
import Tensors
import Testing
import Training

@Suite struct RunLogTests {
    private func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }

    @Test func `lines hold the step first and every kind of value`() throws {
        try withTemporaryFolder { folder in
            let log = try RunLog(path: folder + "/log.jsonl")
            try log.write(
                step: 7,
                [
                    ("loss", .number(0.25)), ("bad", .number(.nan)), ("worse", .number(-.infinity)), ("n", .int(3)),
                    ("note", .text("a \"b\"\n")), ("ok", .flag(true)),
                ])
            #expect(
                text(log.path)
                    == #"{"step": 7, "loss": 0.25, "bad": "nan", "worse": "-inf", "n": 3, "note": "a \"b\"\n", "ok": true}"#
                    + "\n")
        }
    }

    @Test func `resuming drops later lines and a torn one, and keeps the rest byte for byte`() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/log.jsonl"
            func run(_ steps: ClosedRange<Int>, after step: Int) throws {
                let log = try RunLog(path: path, after: step)
                for step in steps { try log.write(step: step, numbers: [("loss", 1 / Double(step))]) }
            }
            try run(1...20, after: 0)
            let straight = text(path)
            try (straight + "{\"step\": 21, \"lo").write(toFile: path, atomically: true, encoding: .utf8)
            try run(11...20, after: 10)
            #expect(text(path) == straight)
            try run(1...20, after: 0)
            #expect(text(path) == straight)
        }
    }

    @Test func `what is written reads back, a torn line is left out and damage is told with its line`() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/log.jsonl"
            let log = try RunLog(path: path)
            try log.write(step: 1, [("loss", .number(0.5)), ("note", .text("x")), ("ok", .flag(true))])
            try log.write(step: 2, numbers: [("loss", .nan), ("rate", 3)])
            try log.write(step: 3, [("loss", .number(.infinity)), ("n", .int(-4))])
            let whole = text(path)
            try (whole + "{\"step\": 4, \"lo").write(toFile: path, atomically: true, encoding: .utf8)
            let lines = try RunLog.lines(of: path)
            #expect(lines.map(\.step) == [1, 2, 3])
            #expect(lines[0].values.map(\.value) == [.number(0.5), .text("x"), .flag(true)])
            let losses = RunLog.curve("loss", in: lines)
            #expect(losses.map(\.step) == [1, 2, 3])
            #expect(losses[0].value == 0.5 && losses[1].value.isNaN && losses[2].value == .infinity)
            #expect(RunLog.curve("n", in: lines).map(\.value) == [-4])
            try (whole + "[1]\n").write(toFile: path, atomically: true, encoding: .utf8)
            do {
                _ = try RunLog.lines(of: path)
                Issue.record("a list passed for a line")
            } catch let error as InputError {
                #expect(error.description.hasPrefix(path + ":4"))
            }
        }
    }

    @Test func `a folder that is missing is bad input and a full disk is not`() throws {
        #expect(throws: InputError.self) { try RunLog(path: "/nonexistent/log.jsonl") }
        #expect(throws: WorkError.self) {
            let log = try RunLog(path: "/dev/full")
            try log.write(step: 1, numbers: [("loss", 1)])
        }
    }
}

@Suite struct RunEnvironmentTests {
    @Test func `the processor, its cores and the kernels are told`() {
        let environment = RunEnvironment(
            version: "0.1", kernels: [("kernels", "avx2")],
            cpuInfo: "processor\t: 0\nmodel name\t: Some  CPU @ 2 GHz\n",
            status: "Name:\tx\nCpus_allowed_list:\t0-2,8\n", osRelease: "NAME=x\nPRETTY_NAME=\"Debian 12\"\n")
        #expect(environment.processor == "Some CPU @ 2 GHz")
        #expect(environment.cores == 4)
        #expect(environment.system == "Debian 12")
        #expect(environment.json.contains("\"kernels\": \"avx2\""))
        let here = RunEnvironment(version: "0.1")
        #expect(here.cores > 0 && here.memoryBytes > 1 << 20)
    }
}

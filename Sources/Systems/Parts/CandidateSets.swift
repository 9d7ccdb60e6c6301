/// Candidates as they come, batch by batch, of which whole sets are chosen from.
struct CandidateSets<Candidate> {
    private let jobs: [SampleJob]
    private let count: Int
    private var waiting: [Candidate] = []
    private var done = 0

    /// - Parameter count: of the candidates of each job.
    init(of jobs: [SampleJob], count: Int) { (self.jobs, self.count) = (jobs, count) }

    /// Takes candidates in the order of `[SampleJob].candidates` and hands over every set that is whole.
    mutating func add(_ candidates: [Candidate], each: (SampleJob, [Candidate]) throws -> Void) rethrows {
        waiting += candidates
        while waiting.count >= count {
            let set = Array(waiting.prefix(count))
            waiting.removeFirst(count)
            done += 1
            try each(jobs[done - 1], set)
        }
    }
}

extension [SampleJob] {
    /// Every job so many times, one candidate after the other.
    func candidates(_ count: Int) -> [SampleJob] { flatMap { job in (0..<count).map { job.candidate($0) } } }
}

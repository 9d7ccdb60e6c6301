import Tensors
import Testing

@Suite struct InputErrorTests {
    @Test func `a message is one line with place, expectation, finding and hint`() {
        let error = InputError("unknown\nkey", at: "a.yaml:3", expected: "a name", found: "x", hint: "did you mean y?")
        #expect(error.description == "a.yaml:3: unknown key; expected a name; found x (did you mean y?)")
    }

    @Test func `the nearest name is a small slip away or nothing`() {
        #expect(nearestName(to: "optimiser", among: ["optimizer", "schedule"]) == "optimizer")
        #expect(nearestName(to: "zebra", among: ["optimizer", "schedule"]) == nil)
    }
}

/// `count` elements of two lists in random order, one list as often as the other as long as both have some left.
///
/// None comes twice before all have come once, and a shorter result is the beginning of a longer one.
func alternating<Element>(_ first: [Element], _ second: [Element], count: Int, seed: UInt64, purpose: UInt64) -> [Element] {
    var chosen: [Element] = []
    var round: UInt64 = 0
    while chosen.count < count {
        var generator = KeyedGenerator(seed, purpose, round)
        var lists = [first, second].map { list in generator.permutation(list.count).map { list[$0] } }
        while chosen.count < count, lists.contains(where: { !$0.isEmpty }) {
            let pick = generator.below(2)
            chosen.append(lists[lists[pick].isEmpty ? 1 - pick : pick].removeLast())
        }
        round += 1
    }
    return chosen
}

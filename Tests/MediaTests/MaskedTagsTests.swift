import Media
import Testing

@Suite struct MaskedTagsTests {
    private let sounds = Soundscapes(count: 400, pairShare: 0.7)

    @Test func `every tag comes once, among as many masks as allowed`() throws {
        let tagged = MaskedTags(sounds, masks: 2...4)
        var counts: Set<Int> = []
        for index in 0..<400 {
            let words = try #require(try tagged.words(index, epoch: 1).caption).split(separator: " ").map(String.init)
            #expect(words.filter { $0 != MaskedTags.mask }.sorted() == sounds.tags(index).sorted())
            counts.insert(words.count { $0 == MaskedTags.mask })
        }
        #expect(counts == [2, 3, 4])
    }

    @Test func `the order of the tags says nothing, and masks stand before, between and behind`() throws {
        let tagged = MaskedTags(sounds)
        var (kept, all, places) = (0, 0, Set<String>())
        for index in 0..<400 where sounds.tags(index).count == 2 {
            let words = try #require(try tagged.words(index, epoch: 0).caption).split(separator: " ").map(String.init)
            let order = words.filter { $0 != MaskedTags.mask }
            kept += order == sounds.tags(index) ? 1 : 0
            all += 1
            if words[0] == MaskedTags.mask { places.insert("before") }
            if words[words.count - 1] == MaskedTags.mask { places.insert("behind") }
            let first = words.firstIndex(of: order[0])!
            if words[first + 1] == MaskedTags.mask { places.insert("between") }
        }
        // A fair coin lands outside these bounds once in ten thousand times.
        #expect(all > 100 && abs(Double(kept) / Double(all) - 0.5) < 2 / Double(all).squareRoot())
        #expect(places.count == 3)
    }

    @Test func `a sentence is drawn anew in every epoch, and only the sentence`() throws {
        let tagged = MaskedTags(sounds)
        let captions = try (0..<5).map { try tagged.words(7, epoch: $0).caption }
        #expect(Set(captions).count > 1)
        #expect(try tagged.words(7, epoch: 3).caption == captions[3])
        #expect(try tagged.example(7, epoch: 0).sound == sounds.example(7).sound)
    }
}

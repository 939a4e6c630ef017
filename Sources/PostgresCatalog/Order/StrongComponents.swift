/// The groups of nodes of a graph that can all be reached from each other.
///
/// Source: Tarjan, "Depth-first search and linear graph algorithms" (1972); without recursion,
/// for a chain of views can be longer than the stack is deep.
struct StrongComponents {
    private let successors: [[Int]]
    private var order: [Int]
    private var low: [Int]
    private var isOnStack: [Bool]
    private var stack: [Int] = []
    private var counter = 0
    private var loops: [[Int]] = []

    /// The groups of more than one node.
    static func loops(_ successors: [[Int]]) -> [[Int]] {
        var search = StrongComponents(successors)
        for node in successors.indices where search.order[node] < 0 { search.visit(node) }
        return search.loops
    }

    private init(_ successors: [[Int]]) {
        self.successors = successors
        order = Array(repeating: -1, count: successors.count)
        low = order
        isOnStack = Array(repeating: false, count: successors.count)
    }

    private mutating func visit(_ root: Int) {
        var path: [(node: Int, next: Int)] = [(root, 0)]
        enter(root)
        while let (node, next) = path.last {
            if next < successors[node].count {
                path[path.count - 1].next += 1
                let successor = successors[node][next]
                if order[successor] < 0 {
                    enter(successor)
                    path.append((successor, 0))
                } else if isOnStack[successor] {
                    low[node] = min(low[node], order[successor])
                }
            } else {
                path.removeLast()
                if let parent = path.last?.node { low[parent] = min(low[parent], low[node]) }
                if low[node] == order[node] { close(node) }
            }
        }
    }

    private mutating func enter(_ node: Int) {
        order[node] = counter
        low[node] = counter
        counter += 1
        stack.append(node)
        isOnStack[node] = true
    }

    private mutating func close(_ node: Int) {
        var group: [Int] = []
        while let last = stack.popLast() {
            isOnStack[last] = false
            group.append(last)
            if last == node { break }
        }
        if group.count > 1 { loops.append(group.sorted()) }
    }
}

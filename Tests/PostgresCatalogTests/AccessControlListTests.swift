import Testing

@testable import PostgresCatalog

@Suite("Access control lists")
struct AccessControlListTests {
    @Test func `are read with grant options, PUBLIC and several grantors`() throws {
        let list = try #require(AccessControlList("{app=arwdDxt/app,=r/app,b=r*w/app,c=r/b}"))
        let expected: [AccessControlList.Grant: AccessControlList.Rights] = [
            .init(grantor: "app", grantee: "app"): .init(privileges: Set("arwdDxt")),
            .init(grantor: "app", grantee: nil): .init(privileges: ["r"]),
            .init(grantor: "app", grantee: "b"): .init(
                privileges: ["r", "w"], grantable: ["r"]),
            .init(grantor: "b", grantee: "c"): .init(privileges: ["r"]),
        ]
        #expect(list.grants == expected)
    }

    @Test func `that are empty grant nothing`() {
        #expect(AccessControlList("{}")?.grants == [:])
    }

    @Test func `know names with every character that has a meaning in them`() throws {
        let list = try #require(
            AccessControlList(#"{"\"a \"\"=/,{}\\\"=r/\"a \"\"=/,{}\\\""}"#))
        let name = #"a "=/,{}\"#
        #expect(list.grants.keys.map(\.grantee) == [name])
        #expect(list.grants.keys.map(\.grantor) == [name])
    }

    @Test(arguments: ["{x}", "{x=r}", "{=*r/x}", "{x=r/}"])
    func `are refused where they are no such text`(text: String) {
        #expect(AccessControlList(text) == nil)
    }
}

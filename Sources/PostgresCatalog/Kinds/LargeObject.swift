enum LargeObject {
    static let query = """
        SELECT l.oid, pg_get_userbyid(l.lomowner) AS owner, l.lomacl AS acl,
          acldefault('L', l.lomowner) AS default_acl
        FROM pg_largeobject_metadata l
        """
}

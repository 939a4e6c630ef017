/// The privileges on one object, as the catalogs hold them: what GRANT and REVOKE make of it is the
/// difference between `acl` and `base`.
struct ObjectPrivileges: Hashable, Sendable {
    /// How GRANT calls it, quoted: `TABLE public.t`, `FUNCTION public.f(integer)`.
    var target: String
    /// The owner, who grants by default.
    var owner: String
    /// The access control list, an array of `aclitem` as text; nil while it is the default.
    var acl: String?
    /// What an object of its kind and owner has without any GRANT (`acldefault()`, or
    /// `pg_init_privs` for what the server or an extension brings); nil where `acl` is.
    var base: String?
    /// The privileges on columns that have some.
    var columns: [Column] = []

    /// One column's privileges.
    struct Column: Hashable, Sendable {
        /// Its name, unquoted.
        var name: String
        /// The access control list, as text.
        var acl: String
        /// What an extension gave when it was created, as text; `{}` for all other columns.
        var base: String
    }

    init(target: String, owner: String, acl: String?, base: String?, columns: [Column] = []) {
        self.target = target
        self.owner = owner
        self.acl = acl
        self.base = base
        self.columns = columns
    }
}

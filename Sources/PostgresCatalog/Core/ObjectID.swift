/// A system catalog, by the OID that it has in every PostgreSQL.
struct SystemCatalog: RawRepresentable, Hashable, Sendable {
    /// The OID, as in `classid` of `pg_depend`.
    var rawValue: UInt32

    init(rawValue: UInt32) { self.rawValue = rawValue }

    private init(_ rawValue: UInt32) { self.rawValue = rawValue }

    static let accessMethod = Self(2601)
    static let accessMethodOperator = Self(2602)
    static let accessMethodProcedure = Self(2603)
    static let attribute = Self(1249)
    static let attributeDefault = Self(2604)
    static let cast = Self(2605)
    static let relation = Self(1259)
    static let collation = Self(3456)
    static let constraint = Self(2606)
    static let conversion = Self(2607)
    static let database = Self(1262)
    static let defaultPrivileges = Self(826)
    static let eventTrigger = Self(3466)
    static let `extension` = Self(3079)
    static let foreignDataWrapper = Self(2328)
    static let foreignServer = Self(1417)
    static let function = Self(1255)
    static let language = Self(2612)
    /// `pg_largeobject`, which comments, labels and dependencies name for a large object.
    static let largeObject = Self(2613)
    static let largeObjectMetadata = Self(2995)
    static let namespace = Self(2615)
    static let `operator` = Self(2617)
    static let operatorClass = Self(2616)
    static let operatorFamily = Self(2753)
    static let policy = Self(3256)
    static let publication = Self(6104)
    static let publicationNamespace = Self(6237)
    static let publicationRelation = Self(6106)
    static let rewriteRule = Self(2618)
    static let statistics = Self(3381)
    static let subscription = Self(6100)
    static let textSearchConfiguration = Self(3602)
    static let textSearchDictionary = Self(3600)
    static let textSearchParser = Self(3601)
    static let textSearchTemplate = Self(3764)
    static let transform = Self(3576)
    static let trigger = Self(2620)
    static let type = Self(1247)
    static let userMapping = Self(1418)
}

/// What `pg_depend` calls an object: the catalog, the row, and for a column its number.
struct ObjectID: Hashable, Sendable {
    /// What of a row an entry is about, where a row takes several.
    enum Aspect: UInt8, Sendable {
        /// The object itself.
        case object
        /// What users added to something of the server or of an extension: members of an operator
        /// family.
        case additions
        /// What users said of a table of an extension: comments, labels.
        case annotations
        /// A partition's or an index's place in its parent.
        case attachment
        /// The rows of a materialised view.
        case contents
        /// The column that owns a sequence.
        case ownership
        /// What users changed in the privileges on something of the server or of an extension.
        case privileges
        /// Whether row security is on.
        case rowSecurity
        /// A type that is only a name yet.
        case shell
    }

    /// The first OID that no object of `initdb` has: what is below came with the server.
    static let firstUserOID: UInt32 = 16384

    /// The catalog that holds the row.
    var catalog: SystemCatalog
    /// The row's OID; meaningless in any other database.
    var oid: UInt32
    /// The number of a column, 0 for the whole object.
    var column: Int32 = 0
    /// What of the row it is.
    var aspect = Aspect.object

    init(_ catalog: SystemCatalog, _ oid: UInt32, column: Int32 = 0, aspect: Aspect = .object) {
        self.catalog = catalog
        self.oid = oid
        self.column = column
        self.aspect = aspect
    }

    /// One word, for thousands of these are looked up.
    func hash(into hasher: inout Hasher) {
        let row = UInt64(catalog.rawValue) << 32 | UInt64(oid)
        hasher.combine(
            row ^ UInt64(UInt32(bitPattern: column)) << 48 ^ UInt64(aspect.rawValue) << 44)
    }

    /// The object that a column belongs to; itself for all else.
    var whole: Self { Self(catalog, oid, aspect: aspect) }
}

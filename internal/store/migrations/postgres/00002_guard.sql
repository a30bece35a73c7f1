-- +goose Up
-- Rows of a tenant are visible to a transaction that has named it in calweave.tenant, and to no other. The application role owns nothing and
-- bypasses nothing. The sweep reads of every tenant's work when it is due and no more.

-- +goose StatementBegin
DO $$
BEGIN
    -- Roles belong to the whole cluster: another database of it, migrated at the same time, may be first.
    BEGIN
        CREATE ROLE calweave_app NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
    BEGIN
        CREATE ROLE calweave_sweep NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
END $$;
-- +goose StatementEnd

-- Identifiers are compared byte by byte, whatever the database's own collation is.
-- +goose StatementBegin
DO $$
DECLARE c record;
BEGIN
    FOR c IN
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = current_schema() AND data_type = 'text'
        AND table_name IN (SELECT table_name FROM information_schema.columns WHERE table_schema = current_schema() AND column_name = 'tenant_id')
    LOOP
        EXECUTE format('ALTER TABLE %I ALTER COLUMN %I TYPE TEXT COLLATE "C"', c.table_name, c.column_name);
    END LOOP;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO calweave_app, calweave_sweep', current_schema());
    FOR t IN
        SELECT table_name FROM information_schema.columns
        WHERE table_schema = current_schema() AND column_name = 'tenant_id' AND table_name <> 'directory'
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant ON %I TO calweave_app USING (tenant_id = current_setting(''calweave.tenant'', true)) '
            'WITH CHECK (tenant_id = current_setting(''calweave.tenant'', true))', t);
        IF t = 'audit' THEN
            EXECUTE format('GRANT SELECT, INSERT ON %I TO calweave_app', t);
        ELSE
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO calweave_app', t);
        END IF;
    END LOOP;
END $$;
-- +goose StatementEnd

-- The directory is what is read before a tenant is known. Everybody reads it, by a hash that is known to its owner alone; a tenant adds and
-- removes what is its own.
ALTER TABLE directory ENABLE ROW LEVEL SECURITY;
CREATE POLICY lookup ON directory FOR SELECT TO calweave_app USING (true);
CREATE POLICY register ON directory FOR INSERT TO calweave_app WITH CHECK (tenant_id = current_setting('calweave.tenant', true));
CREATE POLICY forget ON directory FOR DELETE TO calweave_app USING (tenant_id = current_setting('calweave.tenant', true));
GRANT SELECT, INSERT, DELETE ON directory TO calweave_app;
GRANT SELECT ON goose_db_version TO calweave_app;

CREATE POLICY sweep ON work FOR SELECT TO calweave_sweep USING (true);
GRANT SELECT (tenant_id, kind, subject, lane, state, held_for, wanted, done, wanted_at, not_before, lease_until) ON work TO calweave_sweep;

-- +goose Down
-- The roles stay: other databases of the cluster may use them.
DROP POLICY sweep ON work;
REVOKE ALL ON work FROM calweave_sweep;
DROP POLICY lookup ON directory;
DROP POLICY register ON directory;
DROP POLICY forget ON directory;
ALTER TABLE directory DISABLE ROW LEVEL SECURITY;
REVOKE ALL ON directory FROM calweave_app;
REVOKE ALL ON goose_db_version FROM calweave_app;
-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOR t IN
        SELECT table_name FROM information_schema.columns
        WHERE table_schema = current_schema() AND column_name = 'tenant_id' AND table_name <> 'directory'
    LOOP
        EXECUTE format('DROP POLICY tenant ON %I', t);
        EXECUTE format('ALTER TABLE %I DISABLE ROW LEVEL SECURITY', t);
        EXECUTE format('REVOKE ALL ON %I FROM calweave_app', t);
    END LOOP;
    EXECUTE format('REVOKE ALL ON SCHEMA %I FROM calweave_app, calweave_sweep', current_schema());
END $$;
-- +goose StatementEnd

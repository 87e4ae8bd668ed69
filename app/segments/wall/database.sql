-- One database: what everybody may do by default, only the application may do, and the login of SQL segments may not.
-- Other logins of this database (reports, monitoring) lose these defaults, too: grant them what they need by name.
REVOKE ALL ON DATABASE {database} FROM PUBLIC, {role};
GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {app};
GRANT CONNECT ON DATABASE {database} TO {role};
REVOKE ALL ON SCHEMA public FROM PUBLIC, {role};
GRANT USAGE, CREATE ON SCHEMA public TO {app};
REVOKE ALL ON SCHEMA information_schema FROM PUBLIC;
GRANT USAGE ON SCHEMA information_schema TO {app};
REVOKE ALL ON LANGUAGE plpgsql, sql FROM PUBLIC;
GRANT USAGE ON LANGUAGE plpgsql, sql TO {app};

CREATE SCHEMA IF NOT EXISTS reporting;
ALTER SCHEMA reporting OWNER TO {app};
REVOKE ALL ON SCHEMA reporting FROM PUBLIC, {role};
GRANT USAGE ON SCHEMA reporting TO {role};
ALTER DEFAULT PRIVILEGES FOR ROLE {app} IN SCHEMA reporting GRANT SELECT ON TABLES TO {role};
REVOKE ALL ON ALL TABLES IN SCHEMA reporting FROM PUBLIC, {role};
GRANT SELECT ON ALL TABLES IN SCHEMA reporting TO {role};

-- The catalogs tell of tables, of logins and of who is at work.
DO $wall$ DECLARE them text;
BEGIN
  SELECT string_agg(p.objoid::regclass::text, ', ') INTO them
    FROM pg_init_privs p
    JOIN pg_class c ON c.oid = p.objoid
   WHERE p.classoid = 'pg_class'::regclass AND p.objsubid = 0
     AND c.relnamespace = 'pg_catalog'::regnamespace
     AND EXISTS (SELECT FROM aclexplode(p.initprivs) a WHERE a.grantee = 0 AND a.privilege_type = 'SELECT')
     AND (has_table_privilege('public', p.objoid, 'SELECT') OR NOT has_table_privilege({app_text}, p.objoid, 'SELECT'));
  IF them IS NOT NULL THEN
    EXECUTE format('REVOKE ALL ON %s FROM PUBLIC', them);
    EXECUTE format('GRANT SELECT ON %s TO %I', them, {app_text});
  END IF;
  -- Of this one everybody may read some columns, and pg_dump does.
  SELECT string_agg(quote_ident(a.attname), ', ') INTO them
    FROM pg_init_privs p
    JOIN pg_attribute a ON a.attrelid = p.objoid AND a.attnum = p.objsubid
   WHERE p.classoid = 'pg_class'::regclass AND p.objoid = 'pg_subscription'::regclass AND p.objsubid > 0;
  REVOKE ALL ON pg_subscription FROM PUBLIC;
  EXECUTE format('GRANT SELECT (%s) ON pg_subscription TO %I', them, {app_text});
END $wall$;

-- Functions with effects, functions that look at the server or run a text, and the quickest ways to a gigabyte.
DO $wall$ DECLARE them text;
BEGIN
  SELECT string_agg(p.oid::regprocedure::text, ', ') INTO them
    FROM pg_proc p
   WHERE p.pronamespace = 'pg_catalog'::regnamespace
     AND (   (p.provolatile = 'v' AND p.proname NOT IN (
                'random', 'random_normal', 'clock_timestamp', 'gen_random_uuid', 'array_sample', 'array_shuffle'))
          OR (p.proname ~ '^pg_' AND p.proname <> 'pg_typeof')
          OR p.proname ~ '^(lo_|txid_|inet_(client|server)_|binary_upgrade_)|_to_xml'
          OR p.proname IN ('current_setting', 'repeat', 'lpad', 'rpad', 'array_fill', 'format'))
     AND NOT EXISTS (SELECT FROM pg_init_privs i WHERE i.classoid = 'pg_proc'::regclass AND i.objoid = p.oid)
     AND (has_function_privilege('public', p.oid, 'EXECUTE')
          OR NOT has_function_privilege({app_text}, p.oid, 'EXECUTE'));
  IF them IS NOT NULL THEN
    EXECUTE format('REVOKE EXECUTE ON ROUTINE %s FROM PUBLIC', them);
    EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO %I', them, {app_text});
  END IF;
END $wall$;

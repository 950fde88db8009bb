-- strack: description @DESCRIPTION@
--
-- Created @DATE@ by @AUTHOR@.
--
-- A companion of the script of the same name; strack-script(7).
-- A .rollback undoes what the script did, when 'git strack rollback' asks for
-- it, and must cope with a script that came half way: its last checkpoints are
-- in the file $STRACK_RESUME names, and in $STRACK_CHECKPOINT_<NAME>.
-- A .verify runs after the script went well, and decides about a run that was
-- lost: it exits 0 when the effect is in place, and changes nothing.
-- Until it is written it fails.

-- A .verify in SQL fails by an error where something is missing:
--
--   CREATE TEMPORARY TABLE verify (missing integer CHECK (missing = 0));
--   INSERT INTO verify SELECT count(*) FROM users WHERE theme IS NULL;

SELECT "This companion is not written yet." FROM strack_not_written_yet;

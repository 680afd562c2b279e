-- Text as search compares it: full-width letters made plain, accents dropped, lower case (DISC-4).
-- unaccent() is only STABLE because its dictionary could be changed; named with its schema, ours cannot.
CREATE FUNCTION discovery_fold(value text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN lower(public.unaccent('public.unaccent'::regdictionary, normalize(value, NFKC)));

CREATE INDEX discovery_name_trigrams ON accounts_user
    USING gin (discovery_fold(display_name || ' ' || username) gin_trgm_ops);
CREATE INDEX discovery_place_trigrams ON accounts_user
    USING gin (discovery_fold(location) gin_trgm_ops);
CREATE INDEX discovery_headline_trigrams ON accounts_creatorprofile
    USING gin (discovery_fold(headline) gin_trgm_ops);

-- Creators whose name, handle, craft, category or place resembles the words, best first by score from 0 to 1000.
-- It knows nothing of who may see whom: the caller keeps to visible_creators (DISC-1).
CREATE FUNCTION discovery_find_creators(wanted text) RETURNS TABLE (id uuid, score integer)
    LANGUAGE sql STABLE
    SET pg_trgm.word_similarity_threshold = 0.45
    AS $$
    WITH words AS (SELECT discovery_fold(wanted) AS folded),
    found AS (
        SELECT person.id, 1.0 * word_similarity(folded, discovery_fold(person.display_name || ' ' || person.username)) AS weight
        FROM words, accounts_user AS person
        WHERE folded <% discovery_fold(person.display_name || ' ' || person.username)
        UNION ALL
        SELECT creator.user_id, 0.9 * word_similarity(folded, discovery_fold(creator.headline))
        FROM words, accounts_creatorprofile AS creator
        WHERE folded <% discovery_fold(creator.headline)
        UNION ALL
        SELECT listed.creatorprofile_id, 0.8 * word_similarity(folded, discovery_fold(category.name))
        FROM words
        JOIN accounts_category AS category ON folded <% discovery_fold(category.name)
        JOIN accounts_creatorprofile_categories AS listed ON listed.category_id = category.slug
        UNION ALL
        SELECT person.id, 0.7 * word_similarity(folded, discovery_fold(person.location))
        FROM words, accounts_user AS person
        WHERE folded <% discovery_fold(person.location)
    )
    SELECT found.id, round(1000 * max(weight))::integer FROM found GROUP BY found.id
    $$;

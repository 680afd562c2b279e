-- What a purchase was taxed by, and what said where its buyer is, is written once (LAW-10).
CREATE TRIGGER economy_purchase_tax_written_once BEFORE UPDATE OR DELETE ON economy_purchasetax
    FOR EACH ROW EXECUTE FUNCTION economy_refuse_edit();
CREATE TRIGGER economy_place_evidence_written_once BEFORE UPDATE OR DELETE ON economy_placeevidence
    FOR EACH ROW EXECUTE FUNCTION economy_refuse_edit();
